using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Targets;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Targets;

public sealed class TargetCommandsTests(OpsApp app) : IClassFixture<OpsApp>
{
    [Theory]
    [InlineData(Roles.Viewer)]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.Approver)]
    [InlineData(Roles.OnCall)]
    public async Task SetEnvironment_WithoutTheRight_IsRefusedAndAudited(Roles roles)
    {
        var caller = await CallerAsync(roles);
        var target = await AddTargetAsync();

        var result = await app.Services.GetRequiredService<TargetCommands>().SetEnvironmentAsync(caller, target.Id, TargetEnvironment.Production, null);

        Assert.Equal(FailureKind.Forbidden, result.Failure?.Kind);
        Assert.Equal(TargetEnvironment.Dev, (await FindAsync(target.Id)).Environment);
        Assert.Contains(await app.AuditAsync("target.set-environment"), e => e.PersonId == caller.PersonId && e.Result == AuditResult.Refused);
    }

    [Fact]
    public async Task SetEnvironment_Administrator_MovesItAndAuditsBothEnds()
    {
        var caller = await CallerAsync(Roles.Administrator);
        var target = await AddTargetAsync();

        var result = await app.Services.GetRequiredService<TargetCommands>().SetEnvironmentAsync(caller, target.Id, TargetEnvironment.Staging, "rehearsal");

        Assert.True(result.Succeeded);
        Assert.Equal(TargetEnvironment.Staging, (await FindAsync(target.Id)).Environment);
        var entry = Assert.Single(await app.AuditAsync("target.set-environment"), e => e.SubjectId == target.Id.ToString() && e.Result == AuditResult.Done);
        Assert.Equal(("""{"environment":"Dev"}""", """{"environment":"Staging"}""", "rehearsal"), (entry.BeforeJson, entry.AfterJson, entry.Reason));
    }

    [Fact]
    public async Task SetEnvironment_SameAsBefore_IsAConflictWithoutEntry()
    {
        var caller = await CallerAsync(Roles.Administrator);
        var target = await AddTargetAsync();

        var result = await app.Services.GetRequiredService<TargetCommands>().SetEnvironmentAsync(caller, target.Id, TargetEnvironment.Dev, null);

        Assert.Equal(FailureKind.Conflict, result.Failure?.Kind);
        Assert.DoesNotContain(await app.AuditAsync("target.set-environment"), e => e.SubjectId == target.Id.ToString());
    }

    [Fact]
    public async Task SetEnvironment_UnknownTargetOrEnvironment_IsRefusedInWords()
    {
        var caller = await CallerAsync(Roles.Administrator);
        var target = await AddTargetAsync();
        var commands = app.Services.GetRequiredService<TargetCommands>();

        Assert.Equal(FailureKind.NotFound, (await commands.SetEnvironmentAsync(caller, Guid.NewGuid(), TargetEnvironment.Dev, null)).Failure?.Kind);
        Assert.Equal(FailureKind.Invalid, (await commands.SetEnvironmentAsync(caller, target.Id, (TargetEnvironment)9, null)).Failure?.Kind);
    }

    [Fact]
    public async Task Pages_Viewer_MayOpenThem()
    {
        using var browser = await app.SignInAsync(Roles.Viewer);

        foreach (var page in new[] { "/targets", "/targets/local" })
        {
            using var answer = await browser.Client.GetAsync(page);
            Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private async Task<Caller> CallerAsync(Roles roles)
    {
        var person = await app.AddPersonAsync(roles);
        await using var db = app.OpenRegistry();
        var stamp = await db.Users.Where(p => p.Id == person.Id).Select(p => p.SecurityStamp).SingleAsync();
        return new(person.Id, person.Name, "password", stamp!, Guid.NewGuid().ToString("N"));
    }

    private async Task<Target> AddTargetAsync()
    {
        var target = Target.Create($"t-{Guid.NewGuid():N}"[..12], TargetKinds.Kubernetes, TargetEnvironment.Dev, TimeProvider.System.GetUtcNow()).Value;
        await using var db = app.OpenRegistry();
        db.Targets.Add(target);
        await db.SaveChangesAsync();
        return target;
    }

    private async Task<Target> FindAsync(Guid id)
    {
        await using var db = app.OpenRegistry();
        return await db.Targets.AsNoTracking().SingleAsync(t => t.Id == id);
    }
}
