package io.registryetcd;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.registryetcd.etcd.EtcdClient;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The arrows of docs/ARCHITECTURE.md, one rule each. */
@AnalyzeClasses(packages = "io.registryetcd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule theClientKnowsNothingOfTheEngine =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd.etcd..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.registryetcd", "io.registryetcd.layout..", "io.registryetcd.loadbalance..");

  @ArchTest
  static final ArchRule layoutsKnowInstancesOnly =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd.layout..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                      "io.registryetcd", "io.registryetcd.etcd..", "io.registryetcd.loadbalance..")
                  .and(not(describe("Instance", type -> type.isEquivalentTo(Instance.class)))));

  @ArchTest
  static final ArchRule loadBalancersKnowNeitherEtcdNorLayouts =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd.loadbalance..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.registryetcd.etcd..", "io.registryetcd.layout..");

  @ArchTest
  static final ArchRule theEngineNeitherBalancesLoadNorKnowsServers =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.registryetcd.loadbalance..", "io.registryetcd.server..");

  @ArchTest
  static final ArchRule serversAreRegisteredThroughTheFrontDoor =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd.server..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.registryetcd.etcd..",
              "io.registryetcd.layout..",
              "io.registryetcd.loadbalance..");

  @ArchTest
  static final ArchRule theEngineSpeaksToEtcdThroughTheClientOnly =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.registryetcd.etcd.rpc..");

  @ArchTest
  static final ArchRule machinesHaveNoClockNoThreadAndNoClient =
      noClasses()
          .that()
          .haveSimpleNameEndingWith("Machine")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(EtcdClient.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Executor.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Ticker.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class);

  @ArchTest
  static final ArchRule publicApiShowsNoTypesOfGrpcOrProtobuf =
      codeUnits()
          .that()
          .areDeclaredInClassesThat(describe("exported", ArchitectureTest::isExported))
          .and()
          .arePublic()
          .should()
          .notHaveRawReturnType(resideInAnyPackage("io.grpc..", "com.google.."))
          .andShould(
              com.tngtech.archunit.lang.conditions.ArchConditions.not(
                  com.tngtech.archunit.lang.conditions.ArchConditions.have(
                      describe(
                          "a parameter of gRPC, protobuf or Guava",
                          unit ->
                              unit.getRawParameterTypes().stream()
                                  .anyMatch(resideInAnyPackage("io.grpc..", "com.google.."))))));

  @ArchTest
  static final ArchRule timeIsReadInOnePlace =
      noClasses()
          .that()
          .doNotBelongToAnyOf(Ticker.class)
          .and()
          .resideInAPackage("io.registryetcd")
          .should()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule nobodySleepsButTheShutdown =
      noClasses()
          .that()
          .doNotBelongToAnyOf(GracefulShutdown.class)
          .and()
          .resideOutsideOfPackage("..testkit..")
          .should()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callMethod(TimeUnit.class, "sleep", long.class);

  @ArchTest
  static final ArchRule theWallClockDecidesNothingButTheAgeOfFiles =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd")
          .and()
          .doNotBelongToAnyOf(SnapshotFile.class)
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Clock.class);

  private static boolean isExported(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && !type.getPackageName().startsWith("io.registryetcd.etcd");
  }
}
