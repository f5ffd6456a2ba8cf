/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types, objects, the composition tree and properties. */
#include <glib.h>
#include <string.h>

#include "qom/object.h"

typedef struct AnimalClass {
    const char *sound;
} AnimalClass;

typedef struct Animal {
    Object obj;
    uint32_t legs;
    char *name;
    Object *friend;
    char *mood;
} Animal;

typedef struct Dog {
    Animal animal;
    bool barks;
} Dog;

static GString *trace;
static int alive;

static void animal_init(Object *obj)
{
    alive++;
    g_string_append_printf(trace, "+animal(%u)", ((Animal *)obj)->legs);
}

static void animal_finalize(Object *obj)
{
    alive--;
    g_free(((Animal *)obj)->mood);
    g_string_append(trace, "-animal");
}

static void dog_init(Object *obj)
{
    g_string_append(trace, "+dog");
}

static void dog_finalize(Object *obj)
{
    g_string_append(trace, "-dog");
}

static char *get_mood(Object *obj)
{
    return g_strdup(((Animal *)obj)->mood);
}

static bool set_mood(Object *obj, const char *text, Error *err)
{
    if (!strcmp(text, "angry")) {
        error_set(err, "animals are never angry");
        return false;
    }
    g_free(((Animal *)obj)->mood);
    ((Animal *)obj)->mood = g_strdup(text);
    return true;
}

static char *get_size(Object *obj)
{
    return g_strdup("42");
}

static const Field animal_props[] = {
    FIELD_PROP_BOUNDED(Animal, legs, "legs", "4", 0, 8, "number of legs"),
    FIELD_PROP_FLAGS(Animal, name, "name", FIELD_LIVE, NULL, "name of the animal"),
    FIELD_PROP_LINK(Animal, friend, "friend", "animal", 0, "another animal"),
    FIELD_SAVED(Animal, legs),
    FIELD_END,
};

static const ObjProp animal_dynprops[] = {
    { "mood", "str", "how it feels", 0, get_mood, set_mood, "calm" },
    { "size", "uint64", "computed", 0, get_size, NULL, NULL },
    { NULL },
};

static const AnimalClass animal_class = { "-" };
static const AnimalClass dog_class = { "woof" };

static const TypeInfo animal_type = {
    .name = "animal",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Animal),
    .abstract = true,
    .class = &animal_class,
    .props = animal_props,
    .dynprops = animal_dynprops,
    .instance_init = animal_init,
    .instance_finalize = animal_finalize,
};
QOM_TYPE(animal_type);

static const Field dog_props[] = {
    FIELD_PROP_FLAGS(Dog, barks, "barks", FIELD_REQUIRED, NULL, "whether it barks"),
    FIELD_END,
};

static const TypeInfo dog_type = {
    .name = "dog",
    .parent = "animal",
    .instance_size = sizeof(Dog),
    .class = &dog_class,
    .props = dog_props,
    .instance_init = dog_init,
    .instance_finalize = dog_finalize,
};
QOM_TYPE(dog_type);

static const TypeInfo puppy_type = { .name = "puppy", .parent = "dog" };
QOM_TYPE(puppy_type);

static void collect(const TypeInfo *type, void *opaque)
{
    g_string_append_printf(opaque, "%s ", type->name);
}

static void test_types(void)
{
    GString *names = g_string_new(NULL);
    g_assert_true(type_find("dog") == &dog_type);
    g_assert_null(type_find("cat"));
    g_assert_true(type_is_a(&puppy_type, "animal"));
    g_assert_true(type_is_a(&puppy_type, TYPE_OBJECT));
    g_assert_false(type_is_a(&animal_type, "dog"));
    g_assert_true(type_class(&puppy_type) == &dog_class);
    type_foreach("animal", false, collect, names);
    g_assert_cmpstr(names->str, ==, "dog puppy ");
    g_string_truncate(names, 0);
    type_foreach("animal", true, collect, names);
    g_assert_cmpstr(names->str, ==, "animal dog puppy ");
    g_string_free(names, TRUE);
}

static void test_life(void)
{
    g_string_truncate(trace, 0);
    Object *obj = obj_new_known("puppy");
    g_assert_cmpstr(trace->str, ==, "+animal(4)+dog");
    g_assert_true(obj_is_a(obj, "dog"));
    g_assert_true(obj_cast(obj, "animal") == obj);
    g_assert_null(obj_cast(obj, TYPE_CONTAINER));
    g_assert_null(obj_cast(NULL, "dog"));
    g_assert_cmpstr(((const AnimalClass *)obj_class(obj))->sound, ==, "woof");
    obj_ref(obj);
    obj_unref(obj);
    g_assert_cmpint(alive, ==, 1);
    obj_unref(obj);
    g_assert_cmpint(alive, ==, 0);
    g_assert_cmpstr(trace->str, ==, "+animal(4)+dog-dog-animal");
    obj_unref(NULL);

    Dog dog;
    obj_init(OBJECT(&dog), "dog");
    obj_set_known(OBJECT(&dog), "name", "rex");
    obj_destroy(OBJECT(&dog));
    g_assert_cmpint(alive, ==, 0);
}

static void test_unknown_type(void)
{
    Error err = { 0 };
    g_assert_null(obj_new("pupy", "animal", &err));
    g_assert_cmpstr(err.msg, ==, "'pupy' is not a valid animal type");
    g_assert_cmpstr(err.hint, ==, "Did you mean 'puppy'?");
    error_clear(&err);
    g_assert_null(obj_new("animal", NULL, &err)); /* abstract */
    error_clear(&err);
    g_assert_null(obj_new(TYPE_CONTAINER, "animal", &err)); /* another family */
    error_clear(&err);
}

static bool count(Object *obj, void *opaque)
{
    return ++*(int *)opaque < 3;
}

static void test_tree(void)
{
    Error err = { 0 };
    Object *root = obj_new_known(TYPE_CONTAINER);
    Object *box = obj_new_known(TYPE_CONTAINER);
    Object *dog = obj_new_known("dog");
    obj_own_child(root, "box", box);
    g_assert_true(obj_add_child(box, "dog[*]", dog, NULL));
    obj_own_child(box, "dog[*]", obj_new_known("dog"));
    g_assert_cmpint(dog->refs, ==, 2);

    g_autofree char *path = obj_path(dog);
    g_assert_cmpstr(path, ==, "/box/dog[0]");
    g_autofree char *top = obj_path(root);
    g_assert_cmpstr(top, ==, "/");
    g_assert_true(obj_lookup(dog, "/box/dog[0]") == dog);
    g_assert_true(obj_lookup(root, "box/dog[0]") == dog);
    g_assert_true(obj_lookup(box, "/") == root);
    g_assert_nonnull(obj_lookup(root, "/box/dog[1]"));
    g_assert_null(obj_lookup(root, "/box/dog[2]"));
    g_assert_null(obj_lookup(root, "/box/dog[0]/tail"));

    Object *other = obj_new_known("dog");
    g_assert_false(obj_add_child(box, "dog[1]", other, &err));
    g_assert_cmpstr(err.msg, ==, "there is an object 'dog[1]' in '/box' already");
    error_clear(&err);
    g_assert_false(obj_add_child(box, "a/b", other, NULL));
    g_assert_false(obj_add_child(box, "", other, NULL));
    obj_unref(other);

    int n = 0;
    g_assert_false(obj_walk(root, count, &n));
    g_assert_cmpint(n, ==, 3);

    obj_unparent(dog);
    g_assert_null(obj_lookup(root, "/box/dog[0]"));
    g_assert_cmpint(alive, ==, 2);
    obj_unref(dog);
    obj_unref(root);
    g_assert_cmpint(alive, ==, 0);
}

static void test_properties(void)
{
    Error err = { 0 };
    Object *dog = obj_new_known("dog");
    g_assert_true(obj_set(dog, "legs", "3", NULL));
    g_autofree char *legs = obj_get(dog, "legs", NULL);
    g_assert_cmpstr(legs, ==, "3");
    g_assert_false(obj_set(dog, "legs", "9", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.legs': 'legs' must be from 0 to 8, not 9");
    error_clear(&err);
    g_assert_false(obj_set(dog, "lges", "3", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.lges' not found");
    g_assert_cmpstr(err.hint, ==, "Did you mean 'legs'?");
    error_clear(&err);
    g_assert_null(obj_get(dog, "nosuch", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.nosuch' not found");
    g_assert_null(err.hint);
    error_clear(&err);

    g_assert_true(obj_set(dog, "mood", "calm", NULL));
    g_autofree char *mood = obj_get(dog, "mood", NULL);
    g_assert_cmpstr(mood, ==, "calm");
    g_assert_false(obj_set(dog, "mood", "angry", &err));
    g_assert_cmpstr(err.msg, ==, "animals are never angry");
    error_clear(&err);
    g_assert_false(obj_set(dog, "size", "1", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.size' cannot be set");
    error_clear(&err);
    obj_unref(dog);
}

static void test_typed_properties(void)
{
    Error err = { 0 };
    uint64_t v;
    Object *dog = obj_new_known("dog");
    g_assert_true(obj_set_u64(dog, "legs", 2, NULL));
    g_assert_true(obj_get_u64(dog, "legs", &v, NULL));
    g_assert_cmpuint(v, ==, 2);
    g_assert_false(obj_set_u64(dog, "legs", 100, &err));
    error_clear(&err);
    g_assert_true(obj_get_u64(dog, "size", &v, NULL));
    g_assert_cmpuint(v, ==, 42);
    g_assert_false(obj_get_u64(dog, "name", &v, &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.name' is not a number");
    error_clear(&err);
    g_assert_true(obj_set_u64(dog, "name", 12, NULL));
    g_assert_cmpstr(((Animal *)dog)->name, ==, "12");
    g_assert_false(obj_set_u64(dog, "nosuch", 1, NULL));
    g_assert_false(obj_set_link(dog, "legs", dog, NULL));
    obj_set_u64_known(dog, "barks", 1);
    g_assert_true(((Dog *)dog)->barks);
    obj_unref(dog);
}

static void test_required_and_frozen(void)
{
    Error err = { 0 };
    Object *dog = obj_new_known("dog");
    g_assert_false(obj_was_set(dog, "barks"));
    g_assert_false(obj_check_required(dog, &err));
    g_assert_cmpstr(err.msg, ==, "barks property not set");
    error_clear(&err);
    g_assert_true(obj_set(dog, "barks", "off", NULL));
    g_assert_true(obj_was_set(dog, "barks"));
    g_assert_true(obj_check_required(dog, NULL));
    dog->frozen = true;
    g_assert_false(obj_set(dog, "legs", "1", &err));
    g_assert_cmpstr(err.msg, ==,
                    "Property 'dog.legs' cannot change any more, now that 'dog' is in use");
    error_clear(&err);
    g_assert_true(obj_set(dog, "name", "bello", NULL)); /* live */
    obj_unref(dog);
}

static void test_links(void)
{
    Error err = { 0 };
    Object *root = obj_new_known(TYPE_CONTAINER);
    Object *a = obj_new_known("dog"), *b = obj_new_known("dog");
    obj_own_child(root, "a", a);
    obj_own_child(root, "b", b);
    obj_own_child(root, "box", obj_new_known(TYPE_CONTAINER));
    g_assert_true(obj_set(a, "friend", "b", NULL));
    g_assert_true(((Animal *)a)->friend == b);
    g_assert_cmpint(b->refs, ==, 2);
    g_autofree char *path = obj_get(a, "friend", NULL);
    g_assert_cmpstr(path, ==, "/b");
    g_assert_true(obj_set(a, "friend", "/a", NULL));
    g_assert_cmpint(b->refs, ==, 1);
    g_assert_true(obj_set_link(a, "friend", b, NULL));
    g_assert_false(obj_set(a, "friend", "zz", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'dog.friend' can't find value 'zz'");
    error_clear(&err);
    g_assert_false(obj_set(a, "friend", "/box", &err));
    g_assert_nonnull(strstr(err.msg, "takes an object of type 'animal'"));
    error_clear(&err);
    g_assert_false(obj_set_link(a, "friend", obj_lookup(root, "/box"), NULL));
    g_assert_true(obj_set_link(a, "friend", NULL, NULL));
    g_autofree char *none = obj_get(a, "friend", NULL);
    g_assert_cmpstr(none, ==, "");
    obj_unref(root);
    g_assert_cmpint(alive, ==, 0);
}

static void collect_prop(const PropInfo *p, void *opaque)
{
    g_string_append_printf(opaque, "%s:%s:%s ", p->name, p->type, p->writable ? "rw" : "r");
}

static void test_introspection(void)
{
    GString *s = g_string_new(NULL);
    type_foreach_prop(&dog_type, collect_prop, s);
    g_assert_cmpstr(s->str, ==,
                    "barks:bool:rw legs:uint32:rw name:str:rw friend:link:rw mood:str:rw "
                    "size:uint64:r ");
    g_string_free(s, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    trace = g_string_new(NULL);
    g_test_add_func("/qom/types", test_types);
    g_test_add_func("/qom/life", test_life);
    g_test_add_func("/qom/unknown-type", test_unknown_type);
    g_test_add_func("/qom/tree", test_tree);
    g_test_add_func("/qom/properties", test_properties);
    g_test_add_func("/qom/typed-properties", test_typed_properties);
    g_test_add_func("/qom/required-and-frozen", test_required_and_frozen);
    g_test_add_func("/qom/links", test_links);
    g_test_add_func("/qom/introspection", test_introspection);
    int rc = g_test_run();
    g_string_free(trace, TRUE);
    return rc;
}
