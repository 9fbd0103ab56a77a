using System.Diagnostics;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Waits for what another process does in its own time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(1);

    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="what">Said when it stays no.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="isSo">The question.</param>
    /// <param name="why">Said when it stays no: what is in the way.</param>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> TrueAsync(string what, TimeSpan patience, Func<Task<bool>> isSo, Func<string>? why = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await AskAsync())
        {
            Assert.True(watch.Elapsed < patience, $"{what}: not within {patience.TotalSeconds:0} s. {why?.Invoke()}");
            await Task.Delay(50);
        }

        return watch.Elapsed;

        // A page in the middle of a navigation that was lost never answers.
        async Task<bool> AskAsync()
        {
            try
            {
                var left = patience - watch.Elapsed;
                return await isSo().WaitAsync(left > Last ? left : Last);
            }
            catch (TimeoutException) when (watch.Elapsed >= patience)
            {
                return false;
            }
        }
    }

    /// <summary>Asks until the answer is yes.</summary>
    public static Task<TimeSpan> TrueAsync(string what, TimeSpan patience, Func<bool> isSo) => TrueAsync(what, patience, () => Task.FromResult(isSo()));
}
