using Ops.Runtime.Models;

namespace Ops.Runtime.Tests.Models;

public sealed class VersionComparerTests
{
    [Fact]
    public void Compare_NumbersAndWords_TenComesAfterNine()
    {
        string[] versions = ["10", "beta", "9", "alpha", "1"];
        Assert.Equal(["alpha", "beta", "1", "9", "10"], versions.Order(VersionComparer.Instance));
    }
}
