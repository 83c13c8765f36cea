/* Ends one expansion of model.def. No include guard: it is included after each of them. */
#undef SHAPE
#undef SHAPE_EMPTY
#undef FIELD
#undef STRINGS
#undef OBJECT
#undef OBJECTS
#undef SHAPE_END
#undef ACTION
#undef ERRORS
