using System.Security.Claims;
using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Pages;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.ModelStore.Stores.Pages;
using Ops.Dashboard.Features.Settings;
using Ops.Dashboard.Tests.Features.ModelStore.Stores;
using Ops.Data.Access;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.ComponentTests.Features.ModelStore;

public sealed class StorePagesTests : IAsyncLifetime
{
    private readonly ControlsContext bunit = new();
    private StoresWorld world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await StoresWorld.CreateAsync();
        var person = await world.PersonAsync(Roles.Administrator);
        foreach (var type in new[] { typeof(StoreQueries), typeof(StoreCommands), typeof(StoreUseCommands), typeof(StoreForms), typeof(ModelStores) })
        {
            bunit.Services.AddSingleton(type, world.Services.GetRequiredService(type));
        }

        ClaimsPrincipal principal = new(new ClaimsIdentity(
            [new(ClaimTypes.Name, person.UserName!), new(ClaimTypes.NameIdentifier, person.Id.ToString()), new(Caller.HowClaim, "password"), new(Caller.StampClaim, person.SecurityStamp!)], "test"));
        bunit.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(principal));
        bunit.Services.AddCascadingAuthenticationState();
        bunit.Services.AddAuthorizationCore(options =>
        {
            foreach (var right in Enum.GetValues<Right>())
            {
                options.AddPolicy(right.ToString(), policy => policy.RequireAssertion(_ => person.Roles.Allow(right)));
            }
        });
        bunit.Services.AddSingleton<IAuthorizationService, DefaultAuthorizationService>();
        bunit.Services.AddScoped<CallerAccessor>();
        bunit.Services.AddSingleton(new SettingsTab("Stores", "/settings/stores", Right.ManageTargets, 30));
        bunit.Services.AddLogging();
    }

    public async ValueTask DisposeAsync()
    {
        await bunit.DisposeComponentsAsync();
        Assert.Equal(0, bunit.Services.GetRequiredService<Ticker>().SubscriberCount);
        await bunit.DisposeAsync();
        await world.DisposeAsync();
    }

    [Fact]
    public void List_OnlyTheDataFolder_SaysHowToAddOne()
    {
        var page = bunit.Render<StoresPage>();
        var row = page.WaitForElement("tbody tr").TextContent;
        Assert.Contains("filesystem", row, StringComparison.Ordinal);
        Assert.Contains("Default", row, StringComparison.Ordinal);
        Assert.Contains("Only the data folder so far", page.Markup, StringComparison.Ordinal);
        Assert.Equal("/settings/stores/new", page.Find("a.button-primary").GetAttribute("href"));
    }

    [Fact]
    public async Task List_AFailingStore_SaysWhyAndSinceWhen_AndComesBackByItself()
    {
        var store = await world.AddAsync();
        await world.AddVersionsAsync("minio", 2);
        world.Get<StoreStates>().Report(store.Id, "Nobody answers at 127.0.0.1:9000.");
        var page = bunit.Render<StoresPage>();
        var row = page.WaitForElement("tbody tr:nth-child(2)").TextContent;
        Assert.Contains("Failing", row, StringComparison.Ordinal);
        Assert.Contains("Nobody answers at 127.0.0.1:9000.", row, StringComparison.Ordinal);
        Assert.Contains("minio does not work", page.Find(".notice").TextContent, StringComparison.Ordinal);

        world.Get<StoreStates>().Report(store.Id, null);
        bunit.Time.Advance(TimeSpan.FromSeconds(5));
        page.WaitForAssertion(() => Assert.Contains("Answers", page.Find("tbody tr:nth-child(2)").TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".notice"));
    }

    [Fact]
    public async Task Test_FromTheList_ShowsEachCheck()
    {
        await world.AddAsync();
        var page = bunit.Render<StoresPage>();
        page.WaitForElement("button[aria-label='Test minio']").Click();
        page.WaitForAssertion(() => Assert.Equal(3, page.FindAll(".store-checks .state-ok").Count));
    }

    [Fact]
    public void New_WithoutAKind_OffersTheKinds()
    {
        var page = bunit.Render<NewStorePage>();
        Assert.Equal(["Folder", "S3 bucket"], page.FindAll("section h3").Select(h => h.TextContent));
        Assert.Contains(page.FindAll("a"), a => a.GetAttribute("href") == "/settings/stores/new?kind=s3");
    }

    [Fact]
    public async Task Add_AFailedCheck_IsShown_AndSavingAnywayAsksFirst()
    {
        world.Buckets.Broken["models"] = new StoreUnavailableException(StoreProblem.Credentials, "The access key is not known.");
        var form = Editor();
        Fill(form);
        form.Find("form").Submit();
        form.WaitForAssertion(() => Assert.Contains("Not saved: a check failed", form.Markup, StringComparison.Ordinal));
        Assert.Contains("The access key is not known.", form.Find(".store-checks").TextContent, StringComparison.Ordinal);

        var host = bunit.Render<ConfirmHost>();
        Button(form, "Save in spite of it").Click();
        host.WaitForAssertion(() => Assert.Contains("Save in spite of failed checks?", host.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain(world.Stores.Entries, e => e.Row.Name == "minio");
        host.FindAll("button").Single(b => b.TextContent.Trim() == "Save").Click();
        form.WaitForAssertion(() => Assert.Contains(world.Stores.Entries, e => e.Row.Name == "minio"));
        Assert.Single(await world.AuditAsync("store.add"));
    }

    [Fact]
    public void Add_WhileTrying_ShowsIt_AndCanBeCancelled()
    {
        world.Buckets.CheckGate = new TaskCompletionSource().Task;
        var form = Editor();
        Fill(form);
        form.Find("form").Submit();
        form.WaitForAssertion(() => Assert.Contains("Trying", form.Find(".store-checks").TextContent, StringComparison.Ordinal));
        Assert.True(form.Find("button[type=submit]").HasAttribute("disabled"));

        Button(form, "Cancel").Click();
        form.WaitForAssertion(() => Assert.Contains("Cancelled. Nothing was saved.", form.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain(world.Stores.Entries, e => e.Row.Name == "minio");
    }

    [Fact]
    public void Add_AMistake_StandsBesideItsField()
    {
        var form = Editor();
        Fill(form);
        Input(form, "Endpoint").Change("http://169.254.169.254");
        form.Find("form").Submit();
        form.WaitForAssertion(() => Assert.Contains("hands out credentials", form.Find(".field-error").TextContent, StringComparison.Ordinal));
        Assert.Equal("true", Input(form, "Endpoint").GetAttribute("aria-invalid"));
    }

    [Fact]
    public async Task Edit_NeverShowsASecret_AndKeepsItWhenNothingIsEntered()
    {
        await world.AddAsync();
        var page = bunit.Render<StorePage>(p => p.Add(s => s.Name, "minio"));
        page.WaitForElement("form");
        Assert.DoesNotContain(StoresWorld.Secret, page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("AKIA", page.Markup, StringComparison.Ordinal);
        Assert.Equal("Set. Leave it empty to keep it.", Input(page, "Secret key").GetAttribute("placeholder"));
        Assert.Equal("models", Input(page, "Bucket").GetAttribute("value"));

        Input(page, "Bucket").Change("other");
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("other", page.Find("dl").TextContent, StringComparison.Ordinal));
        Assert.Equal(StoresWorld.Secret, world.Buckets.Made[^1].Secrets["secretKey"]);
    }

    [Fact]
    public async Task Page_MakesItTheDefault_AndSaysWhyItCannotBeRetired()
    {
        await world.AddAsync();
        var page = bunit.Render<StorePage>(p => p.Add(s => s.Name, "minio"));
        page.WaitForElement("button[aria-label='Make default for production']").Click();
        page.WaitForElement("button[aria-label='Take away the default for production']");
        Assert.Equal("minio", world.Stores.DefaultName(StoreDefaultScope.Production));

        var host = bunit.Render<ConfirmHost>();
        Button(page, "Retire").Click();
        host.WaitForElement("textarea").Input("replaced");
        host.FindAll("button").Single(b => b.TextContent.Trim() == "Retire").Click();
        page.WaitForAssertion(() => Assert.Contains("Make another store the default first", page.Find(".notice").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void Page_OfNoStore_SaysSo()
    {
        var page = bunit.Render<StorePage>(p => p.Add(s => s.Name, "nothing"));
        page.WaitForAssertion(() => Assert.Contains("There is no such store", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task UploadChoices_OnlyWhereThereIsMoreThanOneStore()
    {
        Assert.Empty(StoreChoice.Of(world.Stores));
        var store = await world.AddAsync();
        await world.Get<StoreUseCommands>().SetDefaultAsync(await world.CallerAsync(), store.Id, StoreDefaultScope.Production);
        var choices = StoreChoice.Of(world.Stores);
        Assert.Equal(["The default (filesystem)", "The default for production (minio)", "filesystem", "minio"], choices.Select(c => c.Text));
        Assert.Equal([(null, null), (null, StoreDefaultScope.Production), ("filesystem", null), ("minio", null)], choices.Select(c => StoreChoice.Read(c.Value)));
    }

    [Fact]
    public void Pages_AskForTheRight()
    {
        foreach (var page in new[] { typeof(StoresPage), typeof(NewStorePage), typeof(StorePage) })
        {
            Assert.Contains(page.GetCustomAttributes(inherit: true).OfType<IAuthorizeData>(), a => a.Policy == nameof(Right.ManageTargets));
        }
    }

    private IRenderedComponent<StoreEditor> Editor() => bunit.Render<StoreEditor>(p => p.Add(e => e.Form, KnownForms.S3));

    private static void Fill(IRenderedComponent<StoreEditor> form)
    {
        Input(form, "Name").Change("minio");
        Input(form, "Endpoint").Change("http://127.0.0.1:9000");
        Input(form, "Bucket").Change("models");
        Input(form, "Access key").Change("AKIA");
        Input(form, "Secret key").Change(StoresWorld.Secret);
    }

    private static IElement Input<T>(IRenderedComponent<T> page, string label)
        where T : IComponent
    {
        var found = page.FindAll("label.field-label").Single(l => l.ChildNodes[0].TextContent.Trim() == label);
        return page.Find($"#{found.GetAttribute("for")}");
    }

    private static IElement Button<T>(IRenderedComponent<T> page, string text)
        where T : IComponent => page.FindAll("button").Single(b => b.TextContent.Trim() == text);

    private sealed class SignedIn(ClaimsPrincipal principal) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(principal));
    }
}
