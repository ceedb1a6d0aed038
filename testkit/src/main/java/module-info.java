/** Real etcd processes and network faults for JUnit tests; see {@link io.registryetcd.testkit}. */
module io.registryetcd.testkit {
  requires org.slf4j;
  requires static org.jspecify;
  requires static transitive org.junit.jupiter.api;

  exports io.registryetcd.testkit;
}
