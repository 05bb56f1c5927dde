# What scripts/sanitize and scripts/fuzz share: how a sanitizer is set up for the tests. Sourced, not run.
#
#   sanitizer KIND    address or thread; sets its options and, for the tests' own process, what it preloads

sanitizer() {
  # Instrumented code takes many times as long: what must end may take longer here.
  export ACERVO_PATIENCE="${ACERVO_PATIENCE:-10}"
  case "$1" in
    address)
      # The first error of memory ends the test process; leaks are reported at its end. Either is a failure.
      export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
      export LSAN_OPTIONS="suppressions=$PWD/scripts/sanitizers.leaks:print_suppressions=0:${LSAN_OPTIONS:-}"
      preloaded=()
      ;;
    thread)
      export TSAN_OPTIONS="exitcode=66:${TSAN_OPTIONS:-}"
      mkdir -p .build/thread
      clang -O1 -shared -fPIC -o .build/thread/libmutex.so scripts/sanitizers.mutex.c
      preloaded=(env LD_PRELOAD="$PWD/.build/thread/libmutex.so")
      ;;
    *)
      echo "${0##*/}: unknown sanitizer “$1”; write address or thread" >&2
      exit 64
      ;;
  esac
}
