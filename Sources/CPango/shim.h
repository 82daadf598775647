#include <cairo.h>
#include <cairo-pdf.h>
#include <pango/pangocairo.h>

// g_object_unref is a macro in newer GLib headers, which Swift cannot call.
static inline void ong_object_unref(void *object) { g_object_unref(object); }
