/* How fast one native thread reads memory: the limit that a decode step, which reads every weight once, is measured against.
 * Reads a buffer of BYTES again and again for MILLISECONDS, from one end to the other or as four distant streams, which keeps
 * more reads in flight, and prints bytes per second of the best and of the median pass.
 *
 *     gcc -O3 -march=native native_read.c -o native_read && ./native_read BYTES MILLISECONDS STREAMS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef uint64_t vector __attribute__((vector_size(64), aligned(64)));

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/* `stride` apart: a quarter of the buffer for four streams, one vector for one. */
static uint64_t read_all(const vector *data, size_t count, size_t stride) {
  vector sums[4] = {{0}, {0}, {0}, {0}};
  size_t step = stride == 1 ? 4 : 1;
  for (size_t i = 0; i < count / 4; i++)
    for (size_t part = 0; part < 4; part++) sums[part] += data[part * stride + i * step];
  vector sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
  int streams = argc == 4 ? atoi(argv[3]) : 0;
  if (streams != 1 && streams != 4) {
    fprintf(stderr, "usage: native_read BYTES MILLISECONDS 1|4\n");
    return 2;
  }
  size_t count = strtoull(argv[1], NULL, 10) / (4 * sizeof(vector)) * 4;
  double limit = strtod(argv[2], NULL) / 1000;
  size_t stride = streams == 1 ? 1 : count / 4;
  vector *data = count ? aligned_alloc(64, count * sizeof(vector)) : NULL;
  enum { MOST = 1 << 16 };
  static double passes[MOST];
  if (!data) {
    fprintf(stderr, "native_read: no memory for %s bytes\n", argv[1]);
    return 1;
  }
  for (size_t i = 0; i < count; i++) data[i] = (vector){i, i ^ 5, i + 7, i * 3, i, i, i, i};
  volatile uint64_t sink = read_all(data, count, stride);
  int passed = 0;
  for (double start = seconds(); passed < MOST && (passed < 3 || seconds() - start < limit); passed++) {
    double begin = seconds();
    sink ^= read_all(data, count, stride);
    passes[passed] = seconds() - begin;
  }
  qsort(passes, passed, sizeof passes[0], ascending);
  double bytes = count * sizeof(vector);
  printf("%.6e %.6e\n", bytes / passes[0], bytes / passes[passed / 2]);
  free(data);
  return 0;
}
