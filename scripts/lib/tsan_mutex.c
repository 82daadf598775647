// The slow paths of Swift's Mutex lie in libswiftSynchronization, which no sanitizer instruments, so
// that ThreadSanitizer takes a lock that was waited for as none. Linked into what it checks
// (scripts/sanitize), these tell it: they stand before the library's own and call them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF) {
  static SWIFT void (*original)(uint32_t, SELF);
  if (!original) original = dlsym(RTLD_NEXT, LOCK);
  original(thread, self);
  __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) {
  static SWIFT void (*original)(SELF);
  if (!original) original = dlsym(RTLD_NEXT, UNLOCK);
  __tsan_release(self);
  original(self);
}
