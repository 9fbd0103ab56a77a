using System.Globalization;

namespace Ops.Runtime.Tests.Support;

/// <summary>Where random tests begin: always the same seed, unless OPS_TEST_SEED gives another (a number, or "random").</summary>
internal static class Seeds
{
    /// <summary>The seed, said aloud so that a failure can be repeated.</summary>
    public static int Next(ITestOutputHelper output)
    {
        var seed = Environment.GetEnvironmentVariable("OPS_TEST_SEED") switch
        {
            null or "" => 20261122,
            "random" => Random.Shared.Next(),
            var number => int.Parse(number, CultureInfo.InvariantCulture),
        };
        output.WriteLine($"OPS_TEST_SEED={seed}");
        return seed;
    }
}
