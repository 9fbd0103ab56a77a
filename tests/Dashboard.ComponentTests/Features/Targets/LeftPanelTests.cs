using Bunit;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.ComponentTests.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Pages;
using Ops.Dashboard.Tests.Features.Targets.Kubernetes;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Targets;

public sealed class LeftPanelTests : IAsyncDisposable
{
    private readonly FakeCluster cluster = new();
    private PagesContext pages = null!;
    private Guid target;

    [Fact]
    public async Task Panel_NothingLeft_IsNotThere()
    {
        await StartAsync("administrator");

        Assert.Empty(Render().FindAll("section"));
    }

    [Fact]
    public async Task Panel_Left_NamesEndpointKindsAndAge_AndAnAdministratorDeletesIt()
    {
        await StartAsync("administrator");
        Leave("old");
        var panel = Render();
        Assert.Contains("old", panel.Find("tbody tr").Children[0].TextContent, StringComparison.Ordinal);
        Assert.Equal("Deployment", panel.Find("tbody tr").Children[2].TextContent);
        Assert.NotNull(panel.Find("tbody tr time"));

        panel.Find("button.button-danger").Click();
        var confirm = pages.Bunit.Services.GetRequiredService<ConfirmService>();
        Assert.Equal(("Delete what old has left?", "old", true), (confirm.Current!.Title, confirm.Current.TypeToConfirm, confirm.Current.ReasonRequired));
        confirm.Answer(new(true, "cleaned up"));

        panel.WaitForAssertion(() => Assert.Empty(panel.FindAll("section")));
        Assert.Equal(["delete Deployment/old-1"], cluster.Calls);
    }

    [Fact]
    public async Task Panel_WithoutTheRight_HasNoButton()
    {
        await StartAsync("operator");
        Leave("old");

        var panel = Render();

        Assert.Single(panel.FindAll("tbody tr"));
        Assert.Empty(panel.FindAll("button.button-danger"));
    }

    [Fact]
    public async Task Notice_EndpointOfTheSameName_SaysWhatIsInTheWayAndWhere()
    {
        await StartAsync("operator");
        Leave("digits");

        var notice = pages.Bunit.Render<LeftNotice>(p => p.Add(n => n.TargetId, target).Add(n => n.Target, "lab").Add(n => n.Endpoint, "digits"));
        Assert.Contains("another endpoint named digits that this registry does not know", notice.Find(".notice-title").TextContent, StringComparison.Ordinal);
        Assert.Equal("/targets/lab#left", notice.Find("a").GetAttribute("href"));
        notice.Render(p => p.Add(n => n.Endpoint, "other"));
        Assert.Empty(notice.FindAll(".notice"));
    }

    public ValueTask DisposeAsync() => pages.DisposeAsync();

    private IRenderedComponent<LeftPanel> Render() => pages.Bunit.Render<LeftPanel>(p => p.Add(l => l.TargetId, target));

    private void Leave(string name) => cluster.Put(
        new V1Deployment { Kind = "Deployment", Metadata = new() { Name = $"{name}-1", Labels = ObjectLabels.Of(new EndpointRef(Guid.NewGuid(), name, target)), CreationTimestamp = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) } },
        ObjectLabels.Manager);

    private async Task StartAsync(string person)
    {
        pages = await PagesContext.CreateAsync(person);
        await using var db = pages.World.Open();
        var lab = Target.Create(new() { Id = Guid.CreateVersion7(), Name = "lab", Kind = TargetKinds.Kubernetes, Environment = TargetEnvironment.Dev, SettingsJson = "{}", ByName = "administrator", Now = pages.World.Time.GetUtcNow() }).Value;
        db.Targets.Add(lab);
        await db.SaveChangesAsync();
        target = lab.Id;
        pages.Bunit.Services.AddSingleton(new LeftObjects(cluster, pages.World.Get<IDbContextFactory<RegistryDb>>(), pages.World.Get<CommandRunner>(), new Turn()));
    }
}
