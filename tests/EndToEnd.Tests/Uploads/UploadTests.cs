using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Uploads;

public sealed class UploadTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const int MiB = 1024 * 1024;
    private readonly string folder = Directory.CreateTempSubdirectory("ops-files-").FullName;
    private DashboardProcess dashboard = null!;

    public override async ValueTask InitializeAsync() => dashboard = Own(await DashboardProcess.StartAsync());

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Upload_PausedReloadedAndTheServerKilled_ArrivesWhole()
    {
        var file = await MakeFileAsync("big-weights.gguf", 121 * MiB);
        var person = await dashboard.AddPersonAsync(Roles.Operator, "olga");
        var olga = Own(await Browser.SignInAsync(dashboard, person));
        var page = olga.Page;
        await LimitAsync(olga, 10 * MiB);

        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("big-weights");
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 121 MiB" }).ClickAsync();
        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to big-weights" });
        await WaitForPartsAsync(3);

        await card.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Paused");
        await page.WaitForTimeoutAsync(1000);
        var paused = await PartsAsync();
        await page.WaitForTimeoutAsync(1500);
        Assert.Equal(paused, await PartsAsync());
        await card.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await WaitForPartsAsync(paused + 1);

        await page.ReloadAsync();
        await LimitAsync(olga, 10 * MiB);
        await Expect(card).ToContainTextAsync("Waiting for its files");
        var afterReload = await PartsAsync();
        var chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);
        await WaitForPartsAsync(afterReload + 2);

        await dashboard.KillAsync();
        await Expect(card).ToContainTextAsync("The server does not answer");
        await dashboard.StartAgainAsync();
        await LimitAsync(olga, -1);

        var version = await WaitForVersionAsync();
        await page.WaitForURLAsync("**/models/big-weights/versions/1");
        await Expect(page.GetByText("big-weights.gguf").First).ToBeVisibleAsync();
        await using var db = dashboard.OpenRegistry();
        var stored = Path.Combine(dashboard.DataPath, "store", "objects", version.Files[0].ObjectId[..2], version.Files[0].ObjectId);
        Assert.Equal(await HashAsync(file), await HashAsync(stored));
        Assert.Equal(await HashAsync(file), version.Files[0].Sha256);
        Assert.Equal(1, await db.Uploads.CountAsync());
        Assert.Empty(olga.Errors);
    }

    [Fact]
    public async Task Upload_AnotherFileChosenAfterAReload_IsRefusedAndTheRightOneTaken()
    {
        var file = await MakeFileAsync("model.gguf", 40 * MiB);
        var other = await MakeFileAsync("other/model.gguf", 40 * MiB);
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var page = olga.Page;
        await LimitAsync(olga, 8 * MiB);
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 40 MiB" }).ClickAsync();
        await WaitForPartsAsync(1);
        await page.ReloadAsync();

        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to model" });
        var chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(other);
        await Expect(card.GetByRole(AriaRole.Alert)).ToContainTextAsync("has other contents");
        chooser = await page.RunAndWaitForFileChooserAsync(() => card.GetByRole(AriaRole.Button, new() { Name = "Choose the file" }).ClickAsync());
        await chooser.SetFilesAsync(file);

        Assert.Equal(await HashAsync(file), (await WaitForVersionAsync()).Files[0].Sha256);
    }

    [Fact]
    public async Task Upload_LeavingThePage_GoesOnInTheTray()
    {
        var file = await MakeFileAsync("model.gguf", 40 * MiB);
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var page = olga.Page;
        await LimitAsync(olga, 10 * MiB);
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload 40 MiB" }).ClickAsync();
        await WaitForPartsAsync(1);

        await page.GetByRole(AriaRole.Link, new() { Name = "Models" }).First.ClickAsync();
        await page.WaitForURLAsync("**/models");
        var tray = page.Locator("ops-upload-tray");
        await Expect(tray).ToContainTextAsync("Upload to model");
        await Expect(tray).ToContainTextAsync("Done", new() { Timeout = 60_000 });
        Assert.EndsWith("/models", page.Url, StringComparison.Ordinal);
        Assert.Equal("/models/model/versions/1", await tray.GetByRole(AriaRole.Link).GetAttributeAsync("href"));
    }

    [Fact]
    public async Task Upload_APickle_IsRefusedInPlainWords()
    {
        var file = Path.Combine(folder, "model.onnx");
        await File.WriteAllBytesAsync(file, Convert.FromBase64String("gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg=="));
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
        var page = olga.Page;
        await page.GotoAsync("/models/upload");
        await page.SetInputFilesAsync("#upload-files", file);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Upload ") }).ClickAsync();

        var card = page.GetByRole(AriaRole.Region, new() { Name = "Upload to model" });
        await Expect(card).ToContainTextAsync("Refused");
        await Expect(card.GetByRole(AriaRole.Alert)).ToContainTextAsync("can run code");
        await using var db = dashboard.OpenRegistry();
        Assert.Equal(0, await db.Versions.CountAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_AFolder_KeepsThePathsInIt(bool drop)
    {
        var model = Path.Combine(folder, "My Model");
        Directory.CreateDirectory(Path.Combine(model, "assets", "words"));
        File.Copy(Digits.CnnFile, Path.Combine(model, "model.onnx"));
        await File.WriteAllTextAsync(Path.Combine(model, "README.md"), "# Digits");
        await File.WriteAllTextAsync(Path.Combine(model, "assets", "words", "labels.txt"), "zero\none");
        await File.WriteAllTextAsync(Path.Combine(model, ".DS_Store"), "left behind by a file manager");
        var olga = Own(await Browser.SignInAsync(dashboard, await dashboard.AddPersonAsync(Roles.Operator, "olga")));
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

        await Expect(page.GetByLabel("Model", new() { Exact = true })).ToHaveValueAsync("my-model");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Upload ") }).ClickAsync();
        await page.WaitForURLAsync("**/models/my-model/versions/1", new() { Timeout = 60_000 });

        var files = (await WaitForVersionAsync()).Files;
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

    private static async Task LimitAsync(SignedIn person, int bytesPerSecond)
    {
        var session = await person.Context.NewCDPSessionAsync(person.Page);
        await session.SendAsync("Network.enable");
        await session.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = -1, ["uploadThroughput"] = bytesPerSecond });
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }

    private async Task<string> MakeFileAsync(string name, int bytes)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var stream = File.Create(path);
        await stream.WriteAsync("GGUF"u8.ToArray());
        var block = new byte[MiB];
        for (var left = bytes - 4; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            await stream.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)));
        }

        return path;
    }

    private async Task<ModelVersion> WaitForVersionAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            await using var db = dashboard.OpenRegistry();
            if (await db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(CancellationToken.None) is { } version)
            {
                return version;
            }

            await Task.Delay(100, patience.Token);
        }
    }

    private async Task<int> PartsAsync()
    {
        await using var db = dashboard.OpenRegistry();
        return await db.UploadParts.CountAsync();
    }

    private async Task WaitForPartsAsync(int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await PartsAsync() < count)
        {
            await Task.Delay(50, patience.Token);
        }
    }
}
