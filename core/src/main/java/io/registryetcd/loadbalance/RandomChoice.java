package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Random choice with equal chances, whatever the weights. */
enum RandomChoice implements LoadBalancer {
  INSTANCE;

  @Override
  public Picker picker(List<Instance> instances) {
    if (instances.isEmpty()) {
      return EmptyPicker.INSTANCE;
    }
    Instance[] choices = instances.toArray(new Instance[0]);
    return () -> choices[ThreadLocalRandom.current().nextInt(choices.length)];
  }
}
