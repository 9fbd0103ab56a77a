using System.Diagnostics;

namespace Ops.Runtime.Tests.Support;

internal static class Eventually
{
    /// <summary>Waits until the condition holds; fails after a time that even a busy machine makes.</summary>
    public static async Task TrueAsync(Func<bool> condition, string what, double seconds = 120)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds)
            {
                Assert.Fail($"Waited {seconds} s for {what}.");
            }

            await Task.Delay(20);
        }
    }
}
