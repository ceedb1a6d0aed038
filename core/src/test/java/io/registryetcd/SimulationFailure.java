package io.registryetcd;

/** A property that did not hold. */
public final class SimulationFailure extends AssertionError {

  private static final long serialVersionUID = 1L;

  private final String property;

  SimulationFailure(String property, String message) {
    super(property + ": " + message);
    this.property = property;
  }

  /** The property's name, such as {@code P1}. */
  public String property() {
    return property;
  }
}
