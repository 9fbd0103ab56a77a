using AngleSharp.Dom;
using Bunit;
using k8s.Models;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>What a person sees and does about changes in a cluster, with the real commands and driver.</summary>
public sealed class DriftNoticeTests : IAsyncDisposable
{
    private readonly FakeCluster cluster = new();
    private PagesContext pages = null!;
    private KubernetesTargetDriver driver = null!;
    private Endpoint endpoint = null!;

    [Fact]
    public async Task AsPlanned_ShowsNothing()
    {
        await StartAsync("operator");

        Assert.Empty(Render().FindAll(".notice"));
    }

    [Fact]
    public async Task Changed_WhileThePageIsOpen_ComesUpAndAcceptKeepsIt()
    {
        await StartAsync("operator");
        var notice = Render();
        await EditAsync(d => d.Spec.Replicas = 7);
        pages.World.Time.Advance(TimeSpan.FromSeconds(5));
        notice.WaitForAssertion(() => Assert.Equal($"spec.replicas of the Deployment {DeploymentName} was changed from 2 to 7 by kubectl-edit.", notice.Find("li").TextContent));

        Button(notice, "Accept").Click();

        notice.WaitForAssertion(() => Assert.Empty(notice.FindAll(".notice")));
        Assert.Contains("Accepted.", Toasts, StringComparison.Ordinal);
        await using var db = pages.World.Open();
        Assert.Equal("operator", Assert.Single((await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id)).Accepted).ByName);
    }

    [Fact]
    public async Task PutBack_Pressed_TheNextPassMakesItAsPlanned()
    {
        await StartAsync("operator");
        await EditAsync(d => d.Spec.Replicas = 7);
        var notice = Render();

        Button(notice, "Put back").Click();
        notice.WaitForAssertion(() => Assert.Contains("It is put back within seconds.", Toasts, StringComparison.Ordinal));
        await ApplyAsync();

        Assert.Equal(2, cluster.All<V1Deployment>().Single().Spec.Replicas);
    }

    [Fact]
    public async Task ManyChanges_ShowsTheFirstAndHowManyMore()
    {
        await StartAsync("operator");
        await EditAsync(d =>
        {
            d.Spec.Replicas = 7;
            foreach (var label in d.Metadata.Labels.Keys.ToList())
            {
                d.Metadata.Labels[label] = label.StartsWith("ops-", StringComparison.Ordinal) || label.EndsWith("managed-by", StringComparison.Ordinal) ? d.Metadata.Labels[label] : "changed";
            }
        });
        var open = driver.DriftOf(endpoint.Id).Count;
        Assert.True(open > 5);

        var notice = Render();

        Assert.Contains($"{open} things were changed", notice.Find(".notice-title").TextContent, StringComparison.Ordinal);
        Assert.Equal(6, notice.FindAll("li").Count);
        Assert.Equal($"and {open - 5} more", notice.FindAll("li")[5].TextContent);
    }

    [Fact]
    public async Task WithoutTheRight_ShowsWhatHappenedAndNoButtons()
    {
        await StartAsync("viewer");
        await EditAsync(d => d.Spec.Replicas = 7);

        var notice = Render(Accepted());

        Assert.Equal(2, notice.FindAll(".notice").Count);
        Assert.Empty(notice.FindAll("button"));
    }

    [Fact]
    public async Task RightTakenAwayMeanwhile_SaysSoAndChangesNothing()
    {
        await StartAsync("operator");
        await EditAsync(d => d.Spec.Replicas = 7);
        var notice = Render();
        await using (var db = pages.World.Open())
        {
            (await db.Users.SingleAsync(u => u.UserName == "operator")).Disable(pages.World.Time.GetUtcNow());
            await db.SaveChangesAsync();
        }

        Button(notice, "Accept").Click();

        notice.WaitForAssertion(() => Assert.NotEmpty(notice.Find("[role=alert]").TextContent.Trim()));
        Assert.Single(Commands.Of(endpoint.Id));
    }

    [Fact]
    public async Task Accepted_SaysByWhomAndWhen_AndIsPutBackByItsOwnButton()
    {
        await StartAsync("operator");
        await EditAsync(d => d.Spec.Replicas = 7);
        Assert.True((await Commands.AcceptAsync(pages.World.As("operator"), endpoint.Id)).Succeeded);
        await using var db = pages.World.Open();
        var notice = Render([.. (await db.Endpoints.AsNoTracking().SingleAsync(e => e.Id == endpoint.Id)).Accepted]);
        Assert.Equal("A change in the cluster was accepted", notice.Find(".notice-title").TextContent);
        Assert.Contains("Accepted by operator", notice.Find("li").TextContent, StringComparison.Ordinal);
        Assert.NotNull(notice.Find("li time"));

        notice.Find("button[aria-label='Put back what was accepted']").Click();

        notice.WaitForAssertion(() => Assert.Contains("It is put back within seconds.", Toasts, StringComparison.Ordinal));
        Assert.Empty((await db.Endpoints.AsNoTracking().SingleAsync(e => e.Id == endpoint.Id)).Accepted);
        await ApplyAsync();
        Assert.Equal(2, cluster.All<V1Deployment>().Single().Spec.Replicas);
    }

    public async ValueTask DisposeAsync()
    {
        await pages.DisposeAsync();
        driver.Dispose();
    }

    private DriftCommands Commands => pages.Bunit.Services.GetRequiredService<DriftCommands>();

    private string DeploymentName => cluster.All<V1Deployment>().Single().Metadata.Name;

    private string Toasts => string.Join('\n', pages.Bunit.Services.GetRequiredService<ToastService>().Current.Select(t => t.Text));

    private static AcceptedChange[] Accepted() =>
        [new() { Kind = "Deployment", Name = "digits", Path = "spec.replicas", FoundHash = "", Sentence = "It was scaled.", ByName = "olga", At = TimeProvider.System.GetUtcNow() }];

    private async Task StartAsync(string person)
    {
        pages = await PagesContext.CreateAsync(person);
        var world = pages.World;
        endpoint = Endpoint.Create("digits", world.Target.Id, Guid.NewGuid(), "operator", world.Time.GetUtcNow()).Value;
        await using (var db = world.Open())
        {
            db.Add(endpoint);
            await db.SaveChangesAsync();
        }

        VersionSupply supply = new((_, _) => Task.FromResult(Result.Of(KubernetesSamples.Source)), new(new EphemeralDataProtectionProvider(), Options.Create(new KubernetesOptions())), world.Time);
        driver = new(cluster, new(supply), new Turn(), new(), new LoggedTargetEvents(NullLogger<LoggedTargetEvents>.Instance), world.Time, NullLogger<KubernetesTargetDriver>.Instance);
        pages.Bunit.Services.AddSingleton(new DriftCommands(world.Get<CommandRunner>(), pages.Feed, world.Get<ReconcileQueue>()));
        await ApplyAsync();
        await ApplyAsync();
    }

    private async Task EditAsync(Action<V1Deployment> change)
    {
        cluster.Edit(DeploymentName, change);
        await ApplyAsync();
    }

    // A pass as the controller makes it.
    private async Task ApplyAsync()
    {
        await using var db = pages.World.Open();
        var read = await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id);
        await driver.ApplyAsync(new(read.Id, read.Name, read.TargetId) { Accepted = read.Accepted, Open = read.Open, PutsBack = read.PutBackAsk is not null }, [KubernetesSamples.Revision()], default);
        read.NoteOpen(driver.OpenOf(read.Id), read.PutBackAsk);
        await db.SaveChangesAsync();
        pages.Feed.Publish(new() { EndpointId = read.Id, Name = read.Name, OpenJson = OpenChange.Write(read.Open) });
    }

    private IRenderedComponent<DriftNotice> Render(AcceptedChange[]? accepted = null) =>
        pages.Bunit.Render<DriftNotice>(p => p.Add(n => n.EndpointId, endpoint.Id).Add(n => n.Accepted, accepted ?? []));

    private static IElement Button(IRenderedComponent<DriftNotice> notice, string label) => notice.FindAll("button").Single(b => b.TextContent.Trim() == label);
}
