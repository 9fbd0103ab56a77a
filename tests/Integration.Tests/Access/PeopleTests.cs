using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.People;
using Ops.Dashboard.Features.Approvals;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;
using Ops.Data.Targets;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Access;

public sealed class PeopleTests : IAsyncLifetime
{
    private OpsApp app = null!;
    private Caller administrator = null!;

    private PeopleCommands People => app.Services.GetRequiredService<PeopleCommands>();

    public async ValueTask InitializeAsync()
    {
        app = await OpsApp.StartAsync();
        administrator = await CallerAsync(await app.AddPersonAsync(Roles.Administrator));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Create_NewPerson_SignsInWithTheTemporaryPasswordAndMustChangeIt()
    {
        var created = (await People.CreateAsync(administrator, " Anna.B ", Roles.Operator)).Value;
        Assert.Equal("anna.b", created.Name);
        using var browser = app.OpenBrowser();
        using var answer = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", "Anna.B"), ("Password", created.Password));
        Assert.Equal("/account/password", TestBrowser.RedirectOf(answer));

        var entry = Assert.Single(await app.AuditAsync("access.create-person"));
        Assert.Equal("""{"name":"anna.b","roles":"Viewer, Operator"}""", entry.AfterJson);
        Assert.Equal("name", (await People.CreateAsync(administrator, "ANNA.b", Roles.None)).Failure?.Field);
    }

    [Fact]
    public async Task ResetPassword_OfSomebody_EndsSessionsLiftsLockoutAndTellsNoSecret()
    {
        var person = await app.AddPersonAsync(Roles.Operator);
        using var open = await app.SignInAsync(person);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var browser = app.OpenBrowser();
            using var refused = await browser.SubmitAsync("/account/sign-in", "sign-in", ("UserName", person.Name), ("Password", "wrong"));
        }

        var temporary = (await People.ResetPasswordAsync(administrator, person.Id)).Value;
        using var page = await open.Client.GetAsync("/account");
        Assert.Equal("/account/sign-in?returnUrl=%2Faccount", TestBrowser.RedirectOf(page));
        using var again = app.OpenBrowser();
        using var answer = await again.SubmitAsync("/account/sign-in", "sign-in", ("UserName", person.Name), ("Password", temporary.Password));
        Assert.Equal("/account/password", TestBrowser.RedirectOf(answer));

        await using var db = app.OpenRegistry();
        var hash = (await db.Users.SingleAsync(p => p.Id == person.Id)).PasswordHash!;
        Assert.All(await db.AuditEntries.ToListAsync(), entry =>
        {
            var text = $"{entry.BeforeJson}{entry.AfterJson}{entry.Message}{entry.Reason}{entry.SubjectName}";
            Assert.DoesNotContain(temporary.Password, text, StringComparison.Ordinal);
            Assert.DoesNotContain(hash, text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task LastAdministrator_CanBeNeitherDemotedNorDisabled()
    {
        Assert.Equal(FailureKind.Conflict, (await People.ChangeRolesAsync(administrator, administrator.PersonId!.Value, Roles.Operator)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, (await People.DisableAsync(administrator, administrator.PersonId.Value, "")).Failure?.Kind);

        var other = await app.AddPersonAsync(Roles.Administrator);
        Assert.True((await People.DisableAsync(administrator, other.Id, "left")).Succeeded);
        Assert.Equal(FailureKind.Conflict, (await People.ChangeRolesAsync(administrator, administrator.PersonId.Value, Roles.None)).Failure?.Kind);
    }

    [Fact]
    public async Task TwoAdministrators_DemotingEachOtherAtOnce_LeaveOne()
    {
        for (var round = 0; round < 5; round++)
        {
            var first = await CallerAsync(await app.AddPersonAsync(Roles.Administrator));
            var second = await CallerAsync(await app.AddPersonAsync(Roles.Administrator));
            await KeepOnlyAsync(first, second);

            await Task.WhenAll(
                Task.Run(() => People.ChangeRolesAsync(first, second.PersonId!.Value, Roles.Viewer)),
                Task.Run(() => People.ChangeRolesAsync(second, first.PersonId!.Value, Roles.Viewer)));
            await using var db = app.OpenRegistry();
            Assert.Single(await db.Users.AsNoTracking().ToListAsync(), person => person.IsEnabled && person.Roles.HasFlag(Roles.Administrator));
        }
    }

    [Fact]
    public async Task EveryCommand_WithoutTheRight_IsRefusedAndAuditedOnce()
    {
        var other = await app.AddPersonAsync(Roles.Viewer);
        var caller = await CallerAsync(await app.AddPersonAsync(Roles.Operator | Roles.Approver | Roles.OnCall));
        var policies = app.Services.GetRequiredService<ChangeApprovalPolicy>();
        Failure?[] failures =
        [
            (await People.CreateAsync(caller, "eve", Roles.Administrator)).Failure,
            (await People.ChangeRolesAsync(caller, caller.PersonId!.Value, Roles.Administrator)).Failure,
            (await People.DisableAsync(caller, other.Id, "")).Failure,
            (await People.EnableAsync(caller, other.Id)).Failure,
            (await People.EndSessionsAsync(caller, other.Id)).Failure,
            (await People.ResetPasswordAsync(caller, other.Id)).Failure,
            (await policies.RunAsync(caller, TargetEnvironment.Production, new(0, Roles.Approver, false, 72), 0)).Failure,
        ];
        Assert.All(failures, failure => Assert.Equal(FailureKind.Forbidden, failure?.Kind));

        await using var db = app.OpenRegistry();
        var refused = await db.AuditEntries.Where(entry => entry.PersonId == caller.PersonId && entry.Result == AuditResult.Refused).Select(entry => entry.Action).ToListAsync();
        Assert.Equal(
            ["access.change-roles", "access.create-person", "access.disable-person", "access.enable-person", "access.end-sessions", "access.reset-password", "policy.change-approvals"],
            refused.Order());
    }

    [Fact]
    public async Task ChangeApprovalPolicy_TwoPeopleOnTheSameRevision_SecondIsAskedToLookAgain()
    {
        var policies = app.Services.GetRequiredService<ChangeApprovalPolicy>();
        Assert.True((await policies.RunAsync(administrator, TargetEnvironment.Staging, new(2, Roles.OnCall, true, 24), 0)).Succeeded);
        Assert.Equal(FailureKind.Conflict, (await policies.RunAsync(administrator, TargetEnvironment.Staging, new(0, Roles.Approver, false, 72), 0)).Failure?.Kind);
        Assert.Equal("requiredApprovals", (await policies.RunAsync(administrator, TargetEnvironment.Staging, new(6, Roles.Approver, false, 72), 1)).Failure?.Field);

        var entry = Assert.Single(await app.AuditAsync("policy."));
        Assert.Equal("""{"requiredApprovals":1,"approverRole":"Approver","rollbackNeedsApproval":false,"expiresAfterHours":72}""", entry.BeforeJson);
        Assert.Equal("""{"requiredApprovals":2,"approverRole":"OnCall","rollbackNeedsApproval":true,"expiresAfterHours":24}""", entry.AfterJson);
    }

    private async Task KeepOnlyAsync(params Caller[] administrators)
    {
        await using var db = app.OpenRegistry();
        foreach (var person in await db.Users.ToListAsync())
        {
            if (administrators.All(kept => kept.PersonId != person.Id))
            {
                person.SetRoles(Roles.Viewer);
            }
        }

        await db.SaveChangesAsync();
    }

    private async Task<Caller> CallerAsync(TestPerson person)
    {
        await using var db = app.OpenRegistry();
        var stamp = (await db.Users.AsNoTracking().SingleAsync(p => p.Id == person.Id)).SecurityStamp!;
        return new(person.Id, person.Name, "password", stamp, Guid.NewGuid().ToString("N"));
    }
}
