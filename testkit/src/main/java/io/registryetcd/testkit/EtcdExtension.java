package io.registryetcd.testkit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives the test methods of a class one etcd, empty at the beginning of each method.
 *
 * <pre>{@code
 * class RegistryTest {
 *   @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
 *
 *   @Test
 *   void test() {
 *     ETCD.etcd().etcdctl("put", "key", "value");
 *   }
 * }
 * }</pre>
 *
 * <p>A method may also have a parameter of type {@link TestEtcd}. Before each method, etcd is
 * resumed or restarted if needed, all keys are deleted and all leases revoked; the process and its
 * revision go on. If a method turned authentication on, raised an alarm or left many leases, etcd
 * is wiped instead. The etcd ends after the class (if the field is static) or after the method.
 *
 * <p>Works with JUnit Jupiter 5.12 and later. Not for test methods that run in parallel.
 *
 * @since 0.1.0
 */
public final class EtcdExtension
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        ParameterResolver {
  private final TestEtcdBuilder builder;
  private @Nullable TestEtcd etcd;
  private boolean forClass;

  private EtcdExtension(TestEtcdBuilder builder) {
    this.builder = builder;
  }

  /**
   * With an etcd as {@link TestEtcd#start()} makes it.
   *
   * @return an extension for a field with {@code @RegisterExtension}
   */
  public static EtcdExtension create() {
    return create(TestEtcd.builder());
  }

  /**
   * With an etcd of one's own description.
   *
   * @param builder describes the etcd
   * @return an extension for a field with {@code @RegisterExtension}
   */
  public static EtcdExtension create(TestEtcdBuilder builder) {
    return new EtcdExtension(builder);
  }

  /**
   * The etcd of the running test.
   *
   * @return the etcd
   * @throws IllegalStateException outside of a test
   */
  public TestEtcd etcd() {
    if (etcd == null) {
      throw new IllegalStateException("no test runs, so there is no etcd");
    }
    return etcd;
  }

  /**
   * Where clients connect, without a scheme.
   *
   * @return the endpoint of {@link #etcd()}
   */
  public String endpoint() {
    return etcd().endpoint();
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    forClass = true;
    start();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    TestEtcd current = etcd;
    if (current == null) {
      start();
    } else {
      new EtcdReset(current).run();
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (!forClass) {
      stop();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    stop();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestEtcd.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return etcd();
  }

  private void start() {
    if (etcd == null) {
      etcd = builder.start();
    }
  }

  private void stop() {
    if (etcd != null) {
      etcd.close();
      etcd = null;
    }
  }
}
