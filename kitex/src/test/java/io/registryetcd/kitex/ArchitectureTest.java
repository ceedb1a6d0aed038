package io.registryetcd.kitex;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.have;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;

/** What this module may lean on, and what it shows. */
@AnalyzeClasses(
    packages = "io.registryetcd.kitex",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String[] NOT_TO_BE_SHOWN = {
    "io.netty..", "com.google..", "org.apache.commons.."
  };

  @ArchTest
  static final ArchRule ONLY_THE_API_OF_CORE_AND_NO_OTHER_ADAPTER =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.registryetcd.etcd..", "io.registryetcd.grpc..", "io.grpc.internal..");

  @ArchTest
  static final ArchRule BYTES_KNOW_NEITHER_SERVER_NOR_CLIENT =
      noClasses()
          .that()
          .resideInAPackage("io.registryetcd.kitex.wire..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.registryetcd.kitex")
                  .and(
                      not(
                          describe(
                              "Framing or BizStatusException",
                              type ->
                                  type.isEquivalentTo(Framing.class)
                                      || type.isEquivalentTo(BizStatusException.class)))));

  @ArchTest
  static final ArchRule LIBTHRIFT_ONLY_WHERE_THRIFT_IS_IN_THE_NAME =
      noClasses()
          .that()
          .haveSimpleNameNotContaining("Thrift")
          .and(describe("are not inside one", type -> !type.getName().contains("Thrift")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.thrift..");

  @ArchTest
  static final ArchRule PUBLIC_API_SHOWS_NO_TYPES_OF_NETTY_PROTOBUF_OR_THE_POOL =
      codeUnits()
          .that()
          .areDeclaredInClassesThat(describe("exported", ArchitectureTest::isExported))
          .and()
          .arePublic()
          .should()
          .notHaveRawReturnType(resideInAnyPackage(NOT_TO_BE_SHOWN))
          .andShould(
              ArchConditions.not(
                  have(
                      describe(
                          "a parameter of Netty, protobuf or the pool",
                          unit ->
                              unit.getRawParameterTypes().stream()
                                  .anyMatch(resideInAnyPackage(NOT_TO_BE_SHOWN))))));

  private static boolean isExported(JavaClass type) {
    return type.getPackageName().equals("io.registryetcd.kitex")
        && type.getModifiers().contains(JavaModifier.PUBLIC);
  }
}
