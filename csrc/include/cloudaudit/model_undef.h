/* Ends one expansion of model.def. No include guard: it is included after each of them. */
#undef CAUDIT_SHAPE
#undef CAUDIT_SHAPE_EMPTY
#undef CAUDIT_FIELD
#undef CAUDIT_STRINGS
#undef CAUDIT_OBJECT
#undef CAUDIT_OBJECTS
#undef CAUDIT_SHAPE_END
#undef CAUDIT_ACTION
#undef CAUDIT_ERRORS
