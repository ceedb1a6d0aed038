package io.registryetcd.examples;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** What a hello server is to be, on any transport. */
record HelloSpec(
    String id,
    String service,
    InetSocketAddress listen,
    Optional<String> advertise,
    int weight,
    Map<String, String> tags,
    Duration drainDelay) {}
