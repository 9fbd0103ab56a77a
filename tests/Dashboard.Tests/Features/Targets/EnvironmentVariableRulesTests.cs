using Ops.Dashboard.Features.Targets;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.Targets;

public sealed class EnvironmentVariableRulesTests
{
    [Theory]
    [InlineData("GREETING")]
    [InlineData("OMP_NUM_THREADS")]
    [InlineData("_private9")]
    [InlineData("OPSIN")]
    [InlineData("MY_PATH")]
    public void Refuse_NameThatChangesNothingOfOurs_IsAllowed(string name) => Assert.Null(EnvironmentVariableRules.Refuse(name));

    [Theory]
    [InlineData("Ops__Runtime__CacheFolder")]
    [InlineData("OPS__RUNTIME__MODELS__0__DIGEST")]
    [InlineData("ops_anything")]
    [InlineData("DOTNET_STARTUP_HOOKS")]
    [InlineData("dotnet_gcserver")]
    [InlineData("CORECLR_PROFILER_PATH")]
    [InlineData("COMPlus_EnableDiagnostics")]
    [InlineData("ASPNETCORE_URLS")]
    [InlineData("Kestrel__Endpoints__Http__Url")]
    [InlineData("LD_PRELOAD")]
    [InlineData("LD_LIBRARY_PATH")]
    [InlineData("DYLD_INSERT_LIBRARIES")]
    [InlineData("PATH")]
    [InlineData("path")]
    [InlineData("BASH_ENV")]
    [InlineData("GLIBC_TUNABLES")]
    [InlineData("urls")]
    public void Refuse_NameThatLoadsCodeOrChangesOurContract_SaysWhy(string name)
    {
        var refusal = EnvironmentVariableRules.Refuse(name);

        Assert.Contains(name, refusal, StringComparison.Ordinal);
        Assert.Contains("cannot be set by a plan", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("9LIVES")]
    [InlineData("A B")]
    [InlineData("A=B")]
    [InlineData("Ops:Runtime:CacheFolder")]
    [InlineData("NAME\n")]
    [InlineData("НАЗВАНИЕ")]
    [InlineData("A\0B")]
    public void Refuse_NameThatIsNoIdentifier_IsRefused(string name) => Assert.NotNull(EnvironmentVariableRules.Refuse(name));

    [Fact]
    public void Check_SameNameInOtherCase_IsRefused()
    {
        var result = EnvironmentVariableRules.Check(new Dictionary<string, string> { ["Level"] = "1", ["LEVEL"] = "2" });

        Assert.Equal(FailureKind.Invalid, result.Failure?.Kind);
        Assert.Equal("environmentVariables", result.Failure?.Field);
    }

    [Theory]
    [InlineData(EnvironmentVariableRules.MaxValueBytes, true)]
    [InlineData(EnvironmentVariableRules.MaxValueBytes + 1, false)]
    public void Check_LongValue_IsRefusedBeyondTheLimit(int length, bool allowed) =>
        Assert.Equal(allowed, EnvironmentVariableRules.Check(new Dictionary<string, string> { ["A"] = new('x', length) }).Succeeded);

    [Fact]
    public void Check_ValueWithZero_IsRefused() =>
        Assert.False(EnvironmentVariableRules.Check(new Dictionary<string, string> { ["A"] = "x\0y" }).Succeeded);

    [Fact]
    public void Check_TooMany_IsRefused() =>
        Assert.False(EnvironmentVariableRules.Check(Enumerable.Range(0, EnvironmentVariableRules.MaxCount + 1).ToDictionary(i => $"V{i}", _ => "")).Succeeded);
}
