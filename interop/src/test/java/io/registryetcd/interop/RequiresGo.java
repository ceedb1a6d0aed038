package io.registryetcd.interop;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests where there is no Go, and says so; with the system property {@code go.required} they
 * run, and fail.
 */
final class RequiresGo implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return GoPeers.missing()
        .filter(reason -> !Boolean.getBoolean("go.required"))
        .map(ConditionEvaluationResult::disabled)
        .orElse(ConditionEvaluationResult.enabled("go is there, or required"));
  }
}
