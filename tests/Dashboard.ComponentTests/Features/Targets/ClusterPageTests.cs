using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.ComponentTests.Features.Rollouts;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Dashboard.Features.Targets.Pages.Clusters;
using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

/// <summary>The settings of a cluster over a real registry and real commands.</summary>
public sealed class ClusterPageTests : IAsyncDisposable
{
    private const string Kubeconfig =
        """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters: [{ name: a, cluster: { server: https://10.0.0.1:6443 } }]
        users: [{ name: u, user: { token: secret-token } }]
        contexts: [{ name: lab, context: { cluster: a, user: u } }]
        """;

    private PagesContext pages = null!;
    private Target target = null!;

    [Fact]
    public async Task UnknownName_SaysSo()
    {
        await StartAsync();

        var page = Render("nowhere");

        page.WaitForAssertion(() => Assert.Contains("There is no cluster named nowhere", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".page-actions button"));
    }

    [Fact]
    public async Task Known_ShowsItsSettingsToBeChanged()
    {
        await StartAsync();

        var page = Render("lab");

        page.WaitForAssertion(() => Assert.NotNull(page.FindComponent<ClusterEditor>()));
        Assert.Contains(page.FindAll("input"), i => i.GetAttribute("value") == "models");
        Assert.Equal("Retire", page.Find(".page-actions button").TextContent.Trim());
    }

    [Fact]
    public async Task Pods_OfTheTarget_AreSavedAndShownAgain_AndAMistakeStandsAtItsField()
    {
        await StartAsync();
        var page = Render("lab");
        page.WaitForAssertion(() => Assert.NotNull(page.FindComponent<ClusterEditor>()));
        Assert.False(Pods().HasAttribute("open"));
        page.FindAll("input[name=reach]")[0].Change(true);
        page.Find(".cluster-kubeconfig").Change(Kubeconfig);

        Input("Tolerated taints with GPUs").Change("sku=gpu:Sometimes");
        page.Find("form").Submit();
        page.WaitForAssertion(() => Assert.Contains("The effect of a taint is one of", page.Find(".field-error").TextContent, StringComparison.Ordinal));
        Assert.True(Pods().HasAttribute("open"));
        Assert.Empty(KubernetesTargetSettings.Read((await ReadAsync()).SettingsJson).GpuTolerations);

        Input("Tolerated taints").Change("dedicated=ml\n");
        Input("Tolerated taints with GPUs").Change("sku=gpu:NoSchedule");
        Input("Runtime class with GPUs").Change("nvidia");
        Input("Priority class").Change("models");
        page.Find("details input[type=checkbox]").Change(true);
        page.Find("form").Submit();

        page.WaitForAssertion(() => Assert.EndsWith("/targets/lab", Navigation.Uri, StringComparison.Ordinal));
        var saved = KubernetesTargetSettings.Read((await ReadAsync()).SettingsJson);
        Assert.Equal(("dedicated=ml", "sku=gpu:NoSchedule", "", "nvidia", "models", true), (saved.Tolerations.Single(), saved.GpuTolerations.Single(), saved.RuntimeClass, saved.GpuRuntimeClass, saved.PriorityClass, saved.AddsNodes));
        page = Render("lab");
        page.WaitForAssertion(() => Assert.Equal("sku=gpu:NoSchedule", Input("Tolerated taints with GPUs").GetAttribute("value")));
        Assert.True(page.Find("details input[type=checkbox]").HasAttribute("checked"));

        AngleSharp.Dom.IElement Pods() => page.FindAll("details").First(d => d.TextContent.Contains("Tolerated taints", StringComparison.Ordinal));
        AngleSharp.Dom.IElement Input(string label) => page.Find("#" + page.FindAll("label.field-label").Single(l => l.TextContent.Replace("(optional)", "", StringComparison.Ordinal).Trim() == label).GetAttribute("for"));
    }

    [Fact]
    public async Task Added_WithPullSecrets_KeepsThemAndShowsThemAgain()
    {
        const string Kubeconfig =
            """
            apiVersion: v1
            kind: Config
            current-context: c
            clusters: [{ name: a, cluster: { server: https://10.0.0.1:6443 } }]
            users: [{ name: u, user: { token: t } }]
            contexts: [{ name: c, context: { cluster: a, user: u } }]
            """;
        await StartAsync();
        var desk = pages.Bunit.Services.GetRequiredService<ClusterDesk>();
        ClusterForm form = new() { Name = "edge", Namespace = "models", Registries = "registry.example", Kubeconfig = Kubeconfig, PullSecrets = " registry-login,other" };
        Assert.True((await desk.AddAsync(pages.World.As("administrator"), form, default)).Succeeded);

        var page = Render("edge");

        page.WaitForAssertion(() => Assert.Contains(page.FindAll("input"), i => i.GetAttribute("value") == "registry-login, other"));
    }

    [Fact]
    public async Task Retire_NameTypedAndReasonGiven_TakesItOutOfUse()
    {
        await StartAsync();
        var (page, host) = (Render("lab"), pages.Bunit.Render<ConfirmHost>());

        page.WaitForElement(".page-actions button").Click();
        host.WaitForElement("form");
        host.Find("input").Input("lab");
        Assert.True(host.Find("button[type=submit]").HasAttribute("disabled"));
        host.Find("textarea").Input("It moves to another room.");
        host.Find("form").Submit();

        page.WaitForAssertion(() => Assert.EndsWith("/targets", Navigation.Uri, StringComparison.Ordinal));
        Assert.NotNull((await ReadAsync()).RetiredAt);
        Assert.Equal("It moves to another room.", Assert.Single(await pages.World.AuditAsync("target.retire")).Reason);
    }

    [Fact]
    public async Task Retire_Cancelled_ChangesNothing()
    {
        await StartAsync();
        var (page, host) = (Render("lab"), pages.Bunit.Render<ConfirmHost>());

        page.WaitForElement(".page-actions button").Click();
        host.WaitForElement("form");
        host.FindAll(".dialog-footer button").Single(b => b.GetAttribute("type") != "submit").Click();

        host.WaitForAssertion(() => Assert.Empty(host.FindAll("form")));
        Assert.Null((await ReadAsync()).RetiredAt);
    }

    [Fact]
    public async Task Retire_SomethingRunsThere_IsRefusedAndSaysWhat()
    {
        await StartAsync();
        await using (var db = pages.World.Open())
        {
            db.Add(Endpoint.Create("digits", target.Id, Guid.NewGuid(), "olga", pages.World.Time.GetUtcNow()).Value);
            await db.SaveChangesAsync();
        }

        var (page, host) = (Render("lab"), pages.Bunit.Render<ConfirmHost>());
        page.WaitForElement(".page-actions button").Click();
        host.WaitForElement("form");
        host.Find("input").Input("lab");
        host.Find("textarea").Input("Away with it.");
        host.Find("form").Submit();

        page.WaitForAssertion(() => Assert.Contains("lab is in use", page.Find(".notice-title").TextContent, StringComparison.Ordinal));
        Assert.Null((await ReadAsync()).RetiredAt);
        Assert.False(page.Find(".page-actions button").HasAttribute("disabled"));
    }

    [Fact]
    public async Task Retired_OffersNothingButToTakeItBack()
    {
        await StartAsync(retired: true);
        var page = Render("lab");
        page.WaitForAssertion(() => Assert.Equal("Retired", page.Find(".notice-title").TextContent));
        Assert.Empty(page.FindComponents<ClusterEditor>());

        page.Find(".page-actions button").Click();

        page.WaitForAssertion(() => Assert.EndsWith("/targets/lab", Navigation.Uri, StringComparison.Ordinal));
        Assert.Null((await ReadAsync()).RetiredAt);
        Assert.Single(await pages.World.AuditAsync("target.restore"));
    }

    public async ValueTask DisposeAsync() => await pages.DisposeAsync();

    private NavigationManager Navigation => pages.Bunit.Services.GetRequiredService<NavigationManager>();

    private async Task StartAsync(bool retired = false)
    {
        pages = await PagesContext.CreateAsync("administrator");
        var process = pages.World.Start(services => services.AddClusters().AddSingleton<TargetsFeed>());
        pages.Bunit.Services.AddSingleton(new ClusterDesk(
            process.GetRequiredService<KubernetesTargetCommands>(), process.GetRequiredService<ClusterFactory>(), process.GetRequiredService<IDbContextFactory<RegistryDb>>()));
        var now = pages.World.Time.GetUtcNow();
        target = Target.Create(new()
        {
            Id = Guid.CreateVersion7(now), Name = "lab", Kind = TargetKinds.Kubernetes, Environment = TargetEnvironment.Dev, ByName = "olga", Now = now,
            SettingsJson = new KubernetesTargetSettings { InCluster = true, Namespace = "models", Registries = ["registry.example"] }.Write(),
        }).Value;
        if (retired)
        {
            Assert.True(target.Retire("olga", now).Succeeded);
        }

        await using var db = pages.World.Open();
        db.Add(target);
        await db.SaveChangesAsync();
    }

    private async Task<Target> ReadAsync()
    {
        await using var db = pages.World.Open();
        return await db.Targets.AsNoTracking().SingleAsync(t => t.Id == target.Id);
    }

    private IRenderedComponent<ClusterPage> Render(string name) => pages.Bunit.Render<ClusterPage>(p => p.Add(c => c.Name, name));
}
