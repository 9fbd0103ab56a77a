using Bunit;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.ComponentTests.Features.Rollouts;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Features.ModelStore.Pages;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.ComponentTests.Features.ModelStore;

public sealed class ImportPageTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("ops-imports-").FullName;
    private PagesContext pages = null!;
    private IServiceProvider process = null!;

    private TransferFeed Feed => process.GetRequiredService<TransferFeed>();

    public async ValueTask InitializeAsync()
    {
        pages = await PagesContext.CreateAsync("operator");
        process = pages.World.Start(services =>
        {
            services.AddSingleton(new DataFolder(Path.Combine(folder, "data")));
            services.AddDataProtection().UseEphemeralDataProtectionProvider();
            services.AddModelStore();
            services.Configure<StoresOptions>(options => options.AllowedRoots = [folder]);
        });
        foreach (var type in new[] { typeof(TransferCommands), typeof(TransferQueries), typeof(TransferFeed), typeof(ModelStores), typeof(IDbContextFactory<RegistryDb>) })
        {
            pages.Bunit.Services.AddSingleton(type, process.GetRequiredService(type));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await pages.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Page_NothingImportedYet_SaysHowToStart()
    {
        var page = pages.Bunit.Render<ImportPage>();
        page.WaitForAssertion(() => Assert.Contains("Nothing was imported yet", page.Find(".empty").TextContent, StringComparison.Ordinal));
        Assert.Equal("/models/upload", page.Find("nav.tabs a").GetAttribute("href"));
    }

    [Fact]
    public void Begin_BadAddress_IsSaidBesideItsField()
    {
        var page = Open();
        page.Find("input[placeholder]").Input("http://169.254.169.254/");
        page.Find("input[list]").Change("digits");
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("https://", page.Find(".field-error").TextContent, StringComparison.Ordinal));
        Assert.Equal("true", page.Find("input[placeholder]").GetAttribute("aria-invalid"));
        Assert.Empty(page.FindAll("section.panel"));
    }

    [Fact]
    public void Begin_GoodAddress_NamesTheModelAndShowsTheImport()
    {
        var page = Open();
        page.Find("input[placeholder]").Input("https://models.example/team/Digits_CNN.onnx?sig=secret");
        Assert.Equal("digits-cnn", page.Find("input[list]").GetAttribute("value"));
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("Waits for its turn", page.Find("section.panel").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", page.Markup, StringComparison.Ordinal);
        Assert.Equal("", page.Find("input[placeholder]").GetAttribute("value"));
    }

    [Fact]
    public async Task Begin_AnotherStoreChosen_GoesThere()
    {
        var now = pages.World.Time.GetUtcNow();
        await using (var db = pages.World.Open())
        {
            db.Stores.Add(Store.Create(new() { Id = Guid.CreateVersion7(now), Name = "share", Kind = StoreKinds.FileSystem, SettingsJson = $$"""{"folder":"{{Directory.CreateDirectory(Path.Combine(folder, "share")).FullName}}"}""", ByName = "ada", Now = now }).Value);
            await db.SaveChangesAsync();
        }

        await process.GetRequiredService<ModelStores>().RefreshAsync(CancellationToken.None);
        var page = Open();
        var select = page.Find("form select");
        Assert.Equal(["The default (filesystem)", "filesystem", "share"], select.Children.Select(option => option.TextContent));
        select.Change("share");
        page.Find("input[placeholder]").Input("https://models.example/team/m.onnx");
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("into share", page.Find("section.panel").TextContent, StringComparison.Ordinal));
        await using var after = pages.World.Open();
        Assert.Equal("share", (await after.Transfers.SingleAsync()).Store);
    }

    [Fact]
    public void Address_OfARepository_AsksForNoChecksumOfOneFile()
    {
        var page = Open();
        Assert.Contains("Expected SHA-256", page.Find("form").TextContent, StringComparison.Ordinal);
        page.Find("input[placeholder]").Input("https://host/team/models.git#v1");
        Assert.DoesNotContain("Expected SHA-256", page.Find("form").TextContent, StringComparison.Ordinal);
        Assert.Contains("Git LFS", page.Find(".field-help").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Feed_Progress_IsShownWithSpeedAndRevision()
    {
        var view = View("operator") with { State = TransferState.Running, Phase = "Fetching", DoneBytes = 512 * 1024, TotalBytes = 1024 * 1024, FileCount = 3, BytesPerSecond = 1024, SourceRevision = new string('a', 40) };
        Feed.Show([view]);
        var page = Open();
        page.WaitForAssertion(() => Assert.Contains("512 KiB of 1 MiB", page.Find("[role=meter]").GetAttribute("aria-valuetext"), StringComparison.Ordinal));
        var text = page.Find("section.panel").TextContent;
        Assert.Contains("Fetching", text, StringComparison.Ordinal);
        Assert.Contains("3 files", text, StringComparison.Ordinal);
        Assert.Contains("1 KiB/s", text, StringComparison.Ordinal);
        Assert.Contains("aaaaaaaaaaaa", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("operator", true)]
    [InlineData("approver", false)]
    public void Failed_SaysWhy_AndOnlyItsPersonMayTryAgain(string asker, bool mine)
    {
        Feed.Show([View(asker) with { State = TransferState.Failed, Message = "The file is not there (404)." }]);
        var page = Open();
        page.WaitForAssertion(() => Assert.Contains("404", page.Find("section.panel [role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Equal(mine, page.FindAll("section.panel button").Any(button => button.TextContent.Contains("Try again", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cancel_AsksFirst_AndThenItIsCancelled()
    {
        var begun = await process.GetRequiredService<TransferCommands>().BeginAsync(pages.World.As("operator"), new() { Address = "https://models.example/a/m.onnx", Model = "m" }, CancellationToken.None);
        Assert.True(begun.Succeeded, begun.Failure?.Message);
        var page = Open();
        page.WaitForElement("section.panel button").Click();
        var confirm = pages.Bunit.Services.GetRequiredService<ConfirmService>();
        Assert.True(confirm.Current!.Danger);
        await page.InvokeAsync(() => confirm.Answer(new ConfirmationAnswer(true)));
        page.WaitForAssertion(() => Assert.Contains("Cancelled", page.Find("section.panel").TextContent, StringComparison.Ordinal));
        await using var db = pages.World.Open();
        Assert.Equal(TransferState.Cancelled, (await db.Transfers.SingleAsync()).State);
    }

    [Fact]
    public async Task Dispose_EndsItsSubscription()
    {
        Open();
        Assert.Equal(1, Feed.Views.SubscriberCount);
        await pages.Bunit.DisposeComponentsAsync();
        Assert.Equal(0, Feed.Views.SubscriberCount);
    }

    private IRenderedComponent<ImportPage> Open()
    {
        var page = pages.Bunit.Render<ImportPage>();
        page.WaitForState(() => page.FindAll(".empty").Count > 0 || page.FindAll("section.panel").Count > 0);
        page.WaitForAssertion(() => Assert.Equal(1, Feed.Views.SubscriberCount));
        return page;
    }

    private TransferView View(string person) => new()
    {
        Id = Guid.NewGuid(),
        Model = "digits",
        Source = "https://host/digits.onnx",
        Store = "filesystem",
        State = TransferState.Queued,
        PersonId = pages.World.People[person].Id,
        Person = person,
        CreatedAt = pages.World.Time.GetUtcNow(),
    };
}
