using System.Globalization;

namespace Ops.Benchmarks.Live;

/// <summary>Serves the real dashboard with a pretended fleet, for looking at full screens: <c>screens [endpoints] [port]</c>.</summary>
internal static class ScreensCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 50;
        var port = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 0;
        await using var app = await FleetApp.StartAsync(count, port, troubled: true);
        Console.WriteLine($"{app.Address} with {count} endpoints: sign in as oncall with the password '{FleetApp.Password}'. Ctrl+C ends it.");
        var stop = new TaskCompletionSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            stop.TrySetResult();
        };
        await stop.Task;
        return 0;
    }
}
