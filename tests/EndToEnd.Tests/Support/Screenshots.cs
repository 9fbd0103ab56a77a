using Microsoft.Playwright;
using Ops.Data.Rollouts;
using Ops.Testing;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Pictures of the main pages for the documentation. Taken only where <c>OPS_TEST_SCREENSHOTS</c> names a folder below the repository, such as <c>docs/images</c>.</summary>
public static class Screenshots
{
    private static readonly TimeSpan Traffic = TimeSpan.FromSeconds(30);

    /// <summary>Adds endpoints beside <c>digits</c>, lets clients use all of them for a while, and takes the pictures.</summary>
    public static async Task TakeAsync(DashboardProcess dashboard, SignedIn @operator, SignedIn approver)
    {
        if (Environment.GetEnvironmentVariable("OPS_TEST_SCREENSHOTS") is not { Length: > 0 } folder)
        {
            return;
        }

        var digits = Digits.Read();
        var endpoints = new List<string> { "digits" };
        foreach (var (name, version) in new[] { ("digits-kiosk", 1), ("digits-mail-sorting", 2) })
        {
            var rollout = await Road.RequestAsync(dashboard, @operator, await Road.VersionIdAsync(dashboard, "digits", version), name, 1, "another place");
            await Road.ApproveAsync(approver, name);
            Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(dashboard, rollout, TimeSpan.FromSeconds(60)));
            endpoints.Add(name);
        }

        await Road.RequestAsync(dashboard, @operator, await Road.VersionIdAsync(dashboard, "digits", 2), "digits", 2, "once more, with the fix");
        var clients = endpoints.Select((name, index) => Clients.Start(dashboard.Address, index + 1, digits, name, "digits")).ToList();
        try
        {
            await @operator.Page.SetViewportSizeAsync(1280, 720);
            await Task.Delay(Traffic);
            foreach (var (file, path) in new[] { ("overview", "/"), ("metrics", "/endpoints/digits/metrics"), ("inbox", "/inbox") })
            {
                var window = file == "inbox" ? approver : @operator;
                await window.GoAsync(path);
                await Task.Delay(3000);
                await window.Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, folder, $"{file}.png"), Type = ScreenshotType.Png });
            }
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }
}
