using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>Uploads that leave the dashboard as it is, so they share one: each sends to a model of its own.</summary>
public sealed class UploadTests(BrowserFixture browser, SharedDashboard shared) : UploadTest(browser), IClassFixture<SharedDashboard>
{
    protected override DashboardProcess Dashboard => shared.Dashboard;

    [Fact]
    public async Task Upload_AnotherFileChosenAfterAReload_IsRefusedAndTheRightOneTaken()
    {
        var file = await MakeFileAsync("swapped.gguf", 40 * MiB);
        var other = await MakeFileAsync("other/swapped.gguf", 40 * MiB);
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga-swaps")));
        var page = olga.Page;
        await LimitAsync(olga, 8 * MiB);
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 40 MiB" }).ClickAsync();
        await WaitForPartsAsync("swapped", 1);
        await page.ReloadAsync();

        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to swapped" });
        var chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(other);
        await Expect(card.GetByRole(AriaRole.Alert)).ToContainTextAsync("has other contents");
        chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);

        Assert.Equal(await HashAsync(file), (await WaitForVersionAsync("swapped")).Files[0].Sha256);
    }

    [Fact]
    public async Task Upload_LeavingThePage_GoesOnInTheTray()
    {
        var file = await MakeFileAsync("on-the-way.gguf", 40 * MiB);
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga-leaves")));
        var page = olga.Page;
        await LimitAsync(olga, 10 * MiB);
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 40 MiB" }).ClickAsync();
        await WaitForPartsAsync("on-the-way", 1);

        await page.GetByRole(AriaRole.Link, new() { Name = "Models" }).First.ClickAsync();
        await page.WaitForURLAsync("**/models");
        var tray = page.Locator("ops-upload-tray");
        await Expect(tray).ToContainTextAsync("Upload to on-the-way");
        await Expect(tray).ToContainTextAsync("Done", new() { Timeout = 60_000 });
        Assert.EndsWith("/models", page.Url, StringComparison.Ordinal);
        Assert.Equal("/models/on-the-way/versions/1", await tray.GetByRole(AriaRole.Link).GetAttributeAsync("href"));
    }

    [Fact]
    public async Task Upload_APickle_IsRefusedInPlainWords()
    {
        var file = Path.Combine(Folder, "pickled.onnx");
        await File.WriteAllBytesAsync(file, Convert.FromBase64String("gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg=="));
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga-pickles")));
        var page = olga.Page;
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Upload ") }).ClickAsync();

        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to pickled" });
        await Expect(card).ToContainTextAsync("Refused");
        await Expect(card.GetByRole(AriaRole.Alert)).ToContainTextAsync("can run code");
        await using var db = Dashboard.OpenRegistry();
        Assert.False(await db.Versions.AnyAsync(v => db.Models.Any(m => m.Id == v.ModelId && m.Name == "pickled")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_AFolder_KeepsThePathsInIt(bool drop)
    {
        var name = drop ? "dropped-model" : "chosen-model";
        var model = Path.Combine(Folder, drop ? "Dropped Model" : "Chosen Model");
        Directory.CreateDirectory(Path.Combine(model, "assets", "words"));
        File.Copy(Digits.CnnFile, Path.Combine(model, "model.onnx"));
        await File.WriteAllTextAsync(Path.Combine(model, "README.md"), "# Digits");
        await File.WriteAllTextAsync(Path.Combine(model, "assets", "words", "labels.txt"), "zero\none");
        await File.WriteAllTextAsync(Path.Combine(model, ".DS_Store"), "left behind by a file manager");
        var olga = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, drop ? "olga-drops" : "olga-chooses")));
        var page = olga.Page;
        await olga.GoAsync("/models/upload");
        if (drop)
        {
            await DragInAsync(olga, page.GetByText("Drop model files or a folder here"), model);
        }
        else
        {
            await page.SetInputFilesAsync("#upload-folder", model);
        }

        await Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync(name);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Upload ") }).ClickAsync();
        await page.WaitForURLAsync($"**/models/{name}/versions/1", new() { Timeout = 60_000 });

        var files = (await WaitForVersionAsync(name)).Files;
        Assert.Equal(["README.md", "assets/words/labels.txt", "model.onnx"], files.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(await HashAsync(Digits.CnnFile), files.Single(f => f.Path == "model.onnx").Sha256);
        Assert.Empty(olga.Errors);
    }

    // Dragging from outside the browser, as its own debugging protocol does it: with real files and folders of the disk.
    private static async Task DragInAsync(SignedIn person, ILocator zone, string path)
    {
        var session = await person.Context.NewCDPSessionAsync(person.Page);
        await zone.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult? box = null;
        await Eventually.TrueAsync("The place to drop lights up", TimeSpan.FromSeconds(20), async () =>
        {
            // A page that is still being put together moves it.
            box = await zone.BoundingBoxAsync() ?? throw new InvalidOperationException("There is no place to drop.");
            await SendAsync("dragEnter");
            await SendAsync("dragOver");
            return await person.Page.Locator("[data-drop][data-over]").CountAsync() == 1;
        });
        await SendAsync("drop");

        Task SendAsync(string type) => session.SendAsync("Input.dispatchDragEvent", new()
        {
            ["type"] = type,
            ["x"] = box!.X + (box.Width / 2),
            ["y"] = box.Y + (box.Height / 2),
            ["data"] = new { items = Array.Empty<object>(), files = new[] { path }, dragOperationsMask = 1 },
        });
    }
}
