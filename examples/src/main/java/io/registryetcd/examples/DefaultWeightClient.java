package io.registryetcd.examples;

import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A client that says what instances weigh whose stored weight is not above 0. */
@Command(
    name = "default-weight-client",
    description = "Shows what instances weigh, also those stored with 0.")
final class DefaultWeightClient implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--default-weight", required = true)
  private int defaultWeight;

  @Override
  public Integer call() {
    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).defaultWeight(defaultWeight).build();
    try (EtcdResolver resolver = EtcdResolver.create(config)) {
      for (Instance instance : resolver.resolve("Hello")) {
        System.out.println(instance.address() + " " + instance.weight());
      }
      return 0;
    }
  }
}
