package io.registryetcd.layout;

import io.registryetcd.Instance;
import java.util.Random;
import java.util.TreeMap;

/** Legal instances of every kind, the same for the same seed. */
final class RandomInstances {

  private static final String[] HOSTS = {
    "10.0.0.5", "a", "hello.example.com", "my_host-1", "::1", "2001:db8::5", "fe80::1%eth0", "::"
  };
  private static final int[] CODE_POINTS = {
    0, 0x1f, '"', '\\', '/', '<', '&', 'a', 'Z', '0', 0x7f, 0xe9, 0x2028, 0x670d, 0xfffd, 0x1f600
  };

  private final Random random;

  RandomInstances(long seed) {
    this.random = new Random(seed);
  }

  Instance next() {
    Instance instance =
        random.nextInt(8) == 0
            ? Instance.unix("/run/" + random.nextInt(1000) + " \u670d%.sock")
            : Instance.of(HOSTS[random.nextInt(HOSTS.length)], 1 + random.nextInt(65535));
    var tags = new TreeMap<String, String>();
    for (int i = random.nextInt(5); i > 0; i--) {
      tags.put(text(8), text(40));
    }
    int weight = random.nextBoolean() ? 1 + random.nextInt(100) : Instance.MAX_WEIGHT;
    return instance.withWeight(weight).withTags(tags);
  }

  private String text(int maxLength) {
    var text = new StringBuilder();
    for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
      text.appendCodePoint(CODE_POINTS[random.nextInt(CODE_POINTS.length)]);
    }
    return text.toString();
  }
}
