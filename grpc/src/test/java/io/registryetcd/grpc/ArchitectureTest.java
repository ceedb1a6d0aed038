package io.registryetcd.grpc;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.grpc.Internal;
import io.grpc.Uri;

/** What this module may lean on. */
@AnalyzeClasses(
    packages = "io.registryetcd.grpc",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule ONLY_THE_API_OF_CORE =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("io.registryetcd.etcd..");

  @ArchTest
  static final ArchRule NOTHING_INTERNAL_OF_GRPC =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc.internal..", "io.grpc.netty..")
          .orShould()
          .dependOnClassesThat(
              DescribedPredicate.<JavaClass>and(
                      annotatedWith(Internal.class),
                      not(type(Uri.class))) // a parameter of the public NameResolver.Factory
                  .as("are internal to gRPC"));

  @ArchTest
  static final ArchRule HEALTH_ONLY_WHERE_IT_MAY_BE_MISSING =
      noClasses()
          .that()
          .doNotHaveSimpleName("GrpcHealth")
          .and()
          .doNotHaveSimpleName("GrpcRegistration")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc.protobuf.services..");
}
