// A shared object that is no module.
extern "C" int sinter_nothing() { return 0; }
