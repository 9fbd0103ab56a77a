using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.ComponentTests.Features.Monitoring;

public sealed class EndpointTabsTests
{
    [Fact]
    public async Task Page_Tabs_AreAddressesAndTheOpenOneIsMarked()
    {
        await using var context = await FleetContext.CreateAsync(c => c.AddPerson());
        await SeedAsync(context);
        var page = context.Render<EndpointPage>(p => p.Add(x => x.Name, "reader").Add(x => x.Tab, "history"));
        page.WaitForElement(".tabs");
        Assert.Equal(
            ["/endpoints/reader", "/endpoints/reader/metrics", "/endpoints/reader/playground", "/endpoints/reader/history", "/endpoints/reader/settings"],
            page.FindAll(".tabs a").Select(a => a.GetAttribute("href")));
        Assert.Equal("History", page.Find(".tabs [aria-current=page]").TextContent.Trim());
        page.WaitForAssertion(() => Assert.Equal(["2", "1"], page.FindAll("tbody td:first-child").Select(c => c.TextContent.Trim())));
        Assert.Contains("runs now", page.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal);

        // Somebody without the right sees what happened, and no button that would be refused.
        Assert.DoesNotContain(page.FindAll("button"), b => b.TextContent.Contains("Roll back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RollBack_OnePress_SuggestsThePlanBefore()
    {
        await using var context = await FleetContext.CreateAsync(c => c.AddPerson(Right.OperateRollouts));
        await SeedAsync(context);
        var page = context.Render<EndpointPage>(p => p.Add(x => x.Name, "reader"));
        page.WaitForElement(".page-actions button").Click();
        var dialog = page.WaitForElement("dialog form");
        Assert.Equal("Roll reader back?", dialog.QuerySelector("h2")!.TextContent);
        var choice = Assert.Single(dialog.QuerySelectorAll(".roll-back-choice"));
        Assert.Contains("digits 1", choice.TextContent, StringComparison.Ordinal);
        Assert.True(choice.QuerySelector("input")!.HasAttribute("checked"));

        // The caller is nobody the registry knows: the command refuses by itself, and the dialog stays and says why.
        dialog.Submit();
        page.WaitForAssertion(() => Assert.Contains("signed out", page.Find("dialog [role=alert]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_TokenMade_IsShownOnceAndRevokedAfterAQuestion()
    {
        Person? person = null;
        await using var context = await FleetContext.CreateAsync(c =>
        {
            c.AddPerson(Right.ManageEndpoints);
            c.Services.AddScoped(_ => new CallerAccessor(new SignedInPerson(() => person!)));
        });
        person = await AddPersonAsync(context);
        var facts = await SeedAsync(context);
        var tab = context.Render<SettingsTab>(p => p.Add(t => t.Facts, facts));
        tab.WaitForAssertion(() => Assert.Contains("There is no token.", tab.Markup, StringComparison.Ordinal));

        tab.Find(".token-form").Submit();
        tab.WaitForAssertion(() => Assert.Contains("Say what it is for", tab.Find(".field-error").TextContent, StringComparison.Ordinal));

        tab.Find(".token-form input").Change("billing");
        tab.Find(".token-form").Submit();
        tab.WaitForAssertion(() => Assert.StartsWith("ops_", tab.Find(".token-secret code").TextContent, StringComparison.Ordinal));
        var secret = tab.Find(".token-secret code").TextContent;
        tab.Find(".notice-actions button").Click();
        Assert.DoesNotContain(secret, tab.Markup, StringComparison.Ordinal);

        tab.Find("tbody .button-danger").Click();
        var question = context.Services.GetRequiredService<Ops.Dashboard.Components.Controls.ConfirmService>();
        Assert.Equal("Revoke the token billing?", question.Current!.Title);
        await tab.InvokeAsync(() => question.Answer(new(true)));
        tab.WaitForAssertion(() => Assert.Contains("Revoked", tab.Find("tbody").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_WithoutTheRight_NothingToPress()
    {
        await using var context = await FleetContext.CreateAsync(c => c.AddPerson());
        var tab = context.Render<SettingsTab>(p => p.Add(t => t.Facts, FleetContext.Tile("reader", Health.Healthy).Facts));
        tab.WaitForAssertion(() => Assert.Contains("There is no token.", tab.Markup, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("form"));
        Assert.DoesNotContain("Retire", tab.Markup, StringComparison.Ordinal);
        Assert.Equal("curl -sS 'http://localhost/serve/reader/v2/health/ready'", tab.Find("pre").TextContent);
    }

    private static async Task<Person> AddPersonAsync(FleetContext context)
    {
        var person = Person.Create("anna", Roles.Administrator, context.Time.GetUtcNow());
        person.NormalizedUserName = "ANNA";
        await using var db = context.Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();
        db.Users.Add(person);
        await db.SaveChangesAsync();
        return person;
    }

    private static async Task<EndpointFacts> SeedAsync(FleetContext context)
    {
        var now = context.Time.GetUtcNow();
        var person = Guid.NewGuid();
        await using var db = context.Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContext();
        var target = Target.Create("elsewhere", TargetKinds.Local, TargetEnvironment.Dev, now).Value;
        var model = Model.Create("digits", "", person, "anna", now).Value;
        var endpoint = Endpoint.Create("reader", target.Id, person, "anna", now).Value;
        db.AddRange(target, model, endpoint);
        Plan? plan = null;
        for (var number = 1; number <= 2; number++)
        {
            var id = Guid.NewGuid();
            var version = ModelVersion.Create(
                [new() { VersionId = id, Path = "model.onnx", SizeBytes = 1, Sha256 = new((char)('0' + number), 64), ObjectId = $"o{number}" }],
                new() { Id = id, ModelId = model.Id, Number = model.NextVersion("onnx", now).Value, Format = "onnx", Store = "filesystem", UploadedById = person, UploadedByName = "anna", Now = now });
            plan = Plan.Seal(
                new()
                {
                    EndpointId = endpoint.Id, Endpoint = "reader", TargetId = target.Id, Target = target.Name, Environment = target.Environment, Model = "digits",
                    VersionId = id, Version = number, VersionDigest = version.Digest, Replicas = 1,
                },
                person, "anna", now);
            var rollout = Rollout.Request(plan, new()
            {
                Number = number, RequestedById = person, RequestedByName = "anna", VersionUploadedById = person, Reason = "", RequiredApprovals = 0,
                ApproverRole = Roles.Approver, Lifetime = TimeSpan.FromHours(1), Now = now.AddMinutes(number),
            });
            rollout.Start(now.AddMinutes(number));
            endpoint.Activate(rollout.Id);
            rollout.Succeed(now.AddMinutes(number));
            endpoint.Settle(rollout.Id, plan.Id);
            db.AddRange(version, plan, rollout);
        }

        await db.SaveChangesAsync();
        return new()
        {
            Id = endpoint.Id, Name = "reader", TargetId = target.Id, Target = target.Name, TargetKind = target.Kind, Environment = target.Environment,
            Stable = PlanFacts.Of(plan!.Id, plan.Spec),
        };
    }

    private sealed class SignedInPerson(Func<Person> person) : Microsoft.AspNetCore.Components.Authorization.AuthenticationStateProvider
    {
        public override Task<Microsoft.AspNetCore.Components.Authorization.AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult<Microsoft.AspNetCore.Components.Authorization.AuthenticationState>(
            new(new(new System.Security.Claims.ClaimsIdentity(
            [
                new(System.Security.Claims.ClaimTypes.NameIdentifier, person().Id.ToString()),
                new(System.Security.Claims.ClaimTypes.Name, person().UserName!),
                new(Caller.HowClaim, "password"),
                new(Caller.StampClaim, person().SecurityStamp!),
            ],
            "test"))));
    }
}
