using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Rollouts;
using Ops.Data.Startup;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>The road from a file to a served endpoint, gone as people go it: by roles and labels of the pages.</summary>
public static partial class Road
{
    /// <summary>Uploads a file as the next version of a model and waits until its page opens.</summary>
    /// <param name="window">An operator's.</param>
    /// <param name="file">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="number">The number that the version is to get.</param>
    /// <param name="drop">Drag the file into the page instead of choosing it.</param>
    public static async Task UploadAsync(SignedIn window, string file, string model, int number, bool drop = false)
    {
        await window.GoAsync("/models/upload");
        var page = window.Page;
        if (drop)
        {
            await DropAsync(page, file);
        }
        else
        {
            await page.GetByLabel("Files", new() { Exact = true }).SetInputFilesAsync(file);
        }

        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Chosen files" })).ToContainTextAsync(Path.GetFileName(file));

        // The page proposes a name made from the file's; whoever types before it has done so mixes both.
        var name = page.GetByLabel("Model", new() { Exact = true });
        await Expect(name).Not.ToHaveValueAsync("");
        await name.FillAsync(model);
        await Expect(name).ToHaveValueAsync(model);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = UploadButton() }).ClickAsync();
        await page.WaitForURLAsync($"**/models/{model}/versions/{number}", new() { Timeout = 30_000 });
        await window.SettleAsync();
    }

    /// <summary>Asks for a rollout on the wizard's last page; everything but the reason comes from the address, as from a colleague's link.</summary>
    /// <returns>The rollout's key.</returns>
    public static async Task<Guid> RequestAsync(DashboardProcess dashboard, SignedIn window, Guid versionId, string endpoint, int replicas, string reason)
    {
        await using var db = dashboard.OpenRegistry();
        var target = await db.Targets.Where(t => t.Name == RegistryMigrator.LocalTargetName).Select(t => t.Id).SingleAsync();
        await window.GoAsync($"/rollouts/new?version={versionId}&endpoint={endpoint}&target={target}&replicas={replicas}&step=review");
        await window.Page.GetByLabel("Why").FillAsync(reason);
        return await SubmitAsync(window);
    }

    /// <summary>Presses the wizard's last button and waits for the rollout's page.</summary>
    /// <returns>The rollout's key.</returns>
    public static async Task<Guid> SubmitAsync(SignedIn window)
    {
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Ask for approval" }).ClickAsync();
        await window.Page.WaitForURLAsync(RolloutAddress());
        await window.SettleAsync();
        return Guid.Parse(RolloutAddress().Match(window.Page.Url).Groups[1].Value);
    }

    /// <summary>Says yes in the inbox.</summary>
    public static async Task ApproveAsync(SignedIn window, string endpoint)
    {
        await window.GoAsync("/inbox");
        await Card(window, endpoint).GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
    }

    /// <summary>What the inbox shows about an endpoint.</summary>
    public static ILocator Card(SignedIn window, string endpoint) => window.Page.GetByRole(AriaRole.Article, new() { NameRegex = new($"^{Regex.Escape(endpoint)} #") });

    /// <summary>Waits until a rollout is over.</summary>
    /// <returns>How it ended.</returns>
    public static async Task<RolloutState> EndOfAsync(DashboardProcess dashboard, Guid rolloutId, TimeSpan patience)
    {
        var state = RolloutState.Draft;
        await Eventually.TrueAsync($"The end of rollout {rolloutId}", patience, async () =>
        {
            await using var db = dashboard.OpenRegistry();
            var rollout = await db.Rollouts.AsNoTracking().SingleAsync(r => r.Id == rolloutId);
            state = rollout.State;
            return rollout.IsFinal;
        });
        return state;
    }

    /// <summary>The key of a version.</summary>
    public static async Task<Guid> VersionIdAsync(DashboardProcess dashboard, string model, int number)
    {
        await using var db = dashboard.OpenRegistry();
        return await db.Versions.Where(v => v.Number == number && db.Models.Any(m => m.Id == v.ModelId && m.Name == model)).Select(v => v.Id).SingleAsync();
    }

    // What a mouse does when it lets a file go over the page; the browser itself cannot be made to drag one in from outside.
    private static async Task DropAsync(IPage page, string file)
    {
        var dropped = await page.EvaluateHandleAsync(
            """
            ([name, base64]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], name));
              return transfer;
            }
            """,
            new[] { Path.GetFileName(file), Convert.ToBase64String(await File.ReadAllBytesAsync(file)) });
        var zone = page.GetByText("Drop model files or a folder here");

        // A hand takes longer to get there than the page's script.
        await Eventually.TrueAsync("The place to drop lights up", TimeSpan.FromSeconds(10), async () =>
        {
            await zone.DispatchEventAsync("dragenter", new { dataTransfer = dropped });
            return await page.Locator("[data-drop][data-over]").CountAsync() == 1;
        });
        await zone.DispatchEventAsync("dragover", new { dataTransfer = dropped });
        await zone.DispatchEventAsync("drop", new { dataTransfer = dropped });
    }

    [GeneratedRegex("^Upload ")]
    private static partial Regex UploadButton();

    [GeneratedRegex("/rollouts/([0-9a-f]{8}-[0-9a-f-]{27})")]
    private static partial Regex RolloutAddress();
}
