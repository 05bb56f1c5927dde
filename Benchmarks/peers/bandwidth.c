// How fast one thread, or several, read memory: bandwidth THREADS MEGABYTES prints gigabytes a second, the best of nine
// sums over an array that is larger than any cache.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LANES = 64, PASSES = 9 };
static float *numbers;
static size_t count;
static int threads;
static volatile float result;

static void *sum(void *argument) {
  size_t part = (size_t)argument, first = count * part / threads / LANES * LANES;
  size_t end = count * (part + 1) / threads / LANES * LANES;
  float lanes[LANES] = {0};
  for (size_t i = first; i < end; i += LANES)
    for (int lane = 0; lane < LANES; lane++) lanes[lane] += numbers[i + lane];
  float total = 0;
  for (int lane = 0; lane < LANES; lane++) total += lanes[lane];
  result = total;
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  if (argc != 3 || (threads = atoi(argv[1])) < 1 || threads > 64) return 64;
  count = (size_t)atol(argv[2]) << 18;
  numbers = aligned_alloc(64, count * sizeof *numbers);
  if (!numbers) return 70;
  for (size_t i = 0; i < count; i++) numbers[i] = 1;
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_t running[64];
    double start = now();
    for (long i = 0; i < threads; i++) pthread_create(&running[i], NULL, sum, (void *)i);
    for (int i = 0; i < threads; i++) pthread_join(running[i], NULL);
    double rate = count * sizeof *numbers / (now() - start) / 1e9;
    if (rate > best) best = rate;
  }
  printf("{\"gb_per_s\": %.2f}\n", best);
}
