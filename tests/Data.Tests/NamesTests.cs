namespace Ops.Data.Tests;

public sealed class NamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("7")]
    [InlineData("digits-cnn-2")]
    [InlineData("a--b")]
    public void Check_ALabel_Allowed(string name) => Assert.True(Names.Check(name, "name").Succeeded);

    [Fact]
    public void Check_LongestLabel_Allowed() => Assert.True(Names.Check(new string('a', 63), "name").Succeeded);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("-")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("a.b")]
    [InlineData("../../etc/passwd")]
    [InlineData("..%2f..%2fx")]
    [InlineData("<script>")]
    [InlineData("=cmd()")]
    [InlineData("pаypal")]
    [InlineData("a\u202Eb")]
    [InlineData("é")]
    [InlineData("１")]
    public void Check_AnythingElse_RefusedAtItsField(string? name)
    {
        var failure = Names.Check(name, "endpoint").Failure;
        Assert.Equal((FailureKind.Invalid, "endpoint"), (failure?.Kind, failure?.Field));
    }

    [Fact]
    public void Check_TooLong_SaysTheLimit() =>
        Assert.Contains("63", Names.Check(new string('a', 64), "name").Failure!.Message, StringComparison.Ordinal);
}
