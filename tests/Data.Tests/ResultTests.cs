namespace Ops.Data.Tests;

public sealed class ResultTests
{
    [Fact]
    public void Value_OfAFailure_ThrowsWithItsMessage()
    {
        Result<int> result = Failure.Conflict("Somebody was faster.");

        Assert.False(result.Succeeded);
        Assert.Contains("Somebody was faster.", Assert.Throws<InvalidOperationException>(() => result.Value).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_WhenDone_IsWhatWasGiven()
    {
        Result<int> result = 7;

        Assert.True(result.Succeeded);
        Assert.Equal(7, result.Value);
        Assert.Equal(7, Result.Of(7).Value);
        Assert.True(Result.Done.Succeeded);
    }
}
