// Tells ThreadSanitizer where Synchronization.Mutex changes hands. Loaded before the standard library by
// scripts/sanitize thread, into the tests only.
//
// A Mutex that nobody else holds is taken and left by atomic operations in the caller's own code, which
// ThreadSanitizer sees. One that threads wait for goes through these three functions of the standard library, which is
// not instrumented, and through the kernel (a futex with priority inheritance): there ThreadSanitizer sees no lock, and
// would report whatever the lock guards.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// In the test program, which links ThreadSanitizer's run-time; absent in other programs that inherit the preloading.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

typedef SWIFT void (*lock_slow)(uint32_t thread, SELF);
typedef SWIFT bool (*try_lock_slow)(SELF);
typedef SWIFT void (*unlock_slow)(SELF);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void acervo_lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool acervo_try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT void acervo_unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void acervo_lock_slow(uint32_t thread, SELF) {
  ((lock_slow)dlsym(RTLD_NEXT, LOCK))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool acervo_try_lock_slow(SELF) {
  bool is_taken = ((try_lock_slow)dlsym(RTLD_NEXT, TRY_LOCK))(self);
  if (is_taken && __tsan_acquire) __tsan_acquire(self);
  return is_taken;
}

SWIFT void acervo_unlock_slow(SELF) {
  if (__tsan_release) __tsan_release(self);
  ((unlock_slow)dlsym(RTLD_NEXT, UNLOCK))(self);
}
