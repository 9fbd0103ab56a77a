using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Dashboard.Tests.Commands;

public sealed class CommandRunnerTests(TestRegistry registry) : IClassFixture<TestRegistry>
{
    [Fact]
    public async Task RunAsync_WithTheRight_SavesChangeAndEntryTogether()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Administrator);
        var committed = false;

        var result = await registry.Commands.RunAsync(caller, "test.change", Right.ManageAccess, (scope, _) =>
        {
            scope.Person.MustChangePassword = true;
            scope.Audit("person", scope.Person.Id, "name", new { Must = false }, new { Must = true }, "because");
            scope.AfterCommit(() => committed = true);
            return Task.FromResult(Result.Done);
        });

        Assert.True(result.Succeeded);
        Assert.True(committed);
        Assert.True((await registry.PersonAsync(person.Id)).MustChangePassword);
        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal(
            (person.Id, person.UserName, "password", "test.change", "person", AuditResult.Done, "because", """{"must":false}""", """{"must":true}"""),
            (entry.PersonId, entry.PersonName, entry.SignedInHow, entry.Action, entry.SubjectKind, entry.Result, entry.Reason, entry.BeforeJson, entry.AfterJson));
    }

    [Theory]
    [InlineData("role", "You need one of these roles")]
    [InlineData("stamp", "You are signed out")]
    [InlineData("disabled", "Your account is disabled")]
    [InlineData("unknown", "You are signed out")]
    [InlineData("stranger", "You are signed out")]
    public async Task RunAsync_Refused_RunsNothingAndLeavesOneEntry(string why, string message)
    {
        var (person, caller) = await registry.AddPersonAsync(why == "role" ? Roles.Operator | Roles.Approver | Roles.OnCall : Roles.Administrator);
        switch (why)
        {
            case "stamp":
                await registry.ChangeAsync(person.Id, p => p.EndSessions());
                break;
            case "disabled":
                await registry.ChangeAsync(person.Id, p => p.Disable(TimeProvider.System.GetUtcNow()));
                caller = caller with { SecurityStamp = (await registry.PersonAsync(person.Id)).SecurityStamp! };
                break;
            case "unknown":
                caller = caller with { PersonId = Guid.NewGuid() };
                break;
            case "stranger":
                caller = Caller.From(new ClaimsPrincipal()) with { CorrelationId = caller.CorrelationId };
                break;
        }

        var ran = false;
        var result = await registry.Commands.RunAsync(caller, "test.refused", Right.ManageAccess, (scope, _) =>
        {
            ran = true;
            scope.Audit("test", "", "");
            return Task.FromResult(Result.Done);
        });

        Assert.Equal(FailureKind.Forbidden, result.Failure?.Kind);
        Assert.StartsWith(message, result.Failure!.Message, StringComparison.Ordinal);
        Assert.False(ran);
        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal((AuditResult.Refused, "test.refused", "test", result.Failure.Message), (entry.Result, entry.Action, entry.SubjectKind, entry.Message));
    }

    [Fact]
    public async Task RunAsync_BodyForbids_SavesTheRefusalAndNothingElse()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Viewer);
        var result = await registry.Commands.RunAsync(caller, "test.forbidden", Right.View, (scope, _) =>
        {
            scope.Person.MustChangePassword = true;
            scope.Audit("test", "", "");
            return Task.FromResult<Result>(Failure.Forbidden("Not your own."));
        });

        Assert.Equal("Not your own.", result.Failure?.Message);
        Assert.False((await registry.PersonAsync(person.Id)).MustChangePassword);
        Assert.Equal(AuditResult.Refused, Assert.Single(await registry.AuditOfAsync(caller)).Result);
    }

    [Fact]
    public async Task RunAsync_InputIsWrong_SavesNothingAtAll()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Viewer);
        var committed = false;
        var result = await registry.Commands.RunAsync(caller, "test.invalid", Right.View, (scope, _) =>
        {
            scope.Person.MustChangePassword = true;
            scope.Audit("test", "", "");
            scope.AfterCommit(() => committed = true);
            return Task.FromResult<Result>(Failure.Invalid("Give a name.", "name"));
        });

        Assert.Equal("name", result.Failure?.Field);
        Assert.False(committed);
        Assert.False((await registry.PersonAsync(person.Id)).MustChangePassword);
        Assert.Empty(await registry.AuditOfAsync(caller));
    }

    [Fact]
    public async Task RunAsync_SucceedsWithoutAudit_Throws()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Viewer);
        await Assert.ThrowsAsync<InvalidOperationException>(() => registry.Commands.RunAsync(caller, "test.silent", Right.View, (scope, _) =>
        {
            scope.Person.MustChangePassword = true;
            return Task.FromResult(Result.Done);
        }));
        Assert.False((await registry.PersonAsync(person.Id)).MustChangePassword);
    }

    [Fact]
    public async Task RunAsync_SomebodyElseChangesTheRow_RunsAgainOnWhatIsThereNow()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Viewer);
        var (other, _) = await registry.AddPersonAsync(Roles.Viewer);
        var runs = 0;
        var result = await registry.Commands.RunAsync(caller, "test.race", Right.View, async (scope, token) =>
        {
            var row = await scope.Db.Users.SingleAsync(p => p.Id == other.Id, token);
            if (++runs == 1)
            {
                await registry.ChangeAsync(other.Id, p => p.SetRoles(Roles.Approver));
            }

            row.SetRoles(row.Roles | Roles.OnCall);
            scope.Audit("person", other.Id, "");
            return Result.Done;
        });

        Assert.True(result.Succeeded);
        Assert.Equal(2, runs);
        Assert.Equal(Roles.Viewer | Roles.Approver | Roles.OnCall, (await registry.PersonAsync(other.Id)).Roles);
        Assert.Single(await registry.AuditOfAsync(caller));
    }

    [Fact]
    public async Task RunAsync_RowChangesEveryTime_GivesUpWithAConflict()
    {
        var (_, caller) = await registry.AddPersonAsync(Roles.Viewer);
        var (other, _) = await registry.AddPersonAsync(Roles.Viewer);
        var result = await registry.Commands.RunAsync(caller, "test.race", Right.View, async (scope, token) =>
        {
            var row = await scope.Db.Users.SingleAsync(p => p.Id == other.Id, token);
            await registry.ChangeAsync(other.Id, p => p.Touch());
            row.Touch();
            scope.Audit("person", other.Id, "");
            return Result.Done;
        });

        Assert.Equal(FailureKind.Conflict, result.Failure?.Kind);
        Assert.Empty(await registry.AuditOfAsync(caller));
    }

    [Fact]
    public async Task RunAsync_CallerLosesTheRightDuringARetry_IsRefused()
    {
        var (person, caller) = await registry.AddPersonAsync(Roles.Administrator);
        var (other, _) = await registry.AddPersonAsync(Roles.Viewer);
        var result = await registry.Commands.RunAsync(caller, "test.demoted", Right.ManageAccess, async (scope, token) =>
        {
            var row = await scope.Db.Users.SingleAsync(p => p.Id == other.Id, token);
            await registry.ChangeAsync(other.Id, p => p.Touch());
            await registry.ChangeAsync(person.Id, p => p.SetRoles(Roles.Viewer));
            row.SetRoles(Roles.Administrator);
            scope.Audit("person", other.Id, "");
            return Result.Done;
        });

        Assert.Equal(FailureKind.Forbidden, result.Failure?.Kind);
        Assert.Equal(Roles.Viewer, (await registry.PersonAsync(other.Id)).Roles);
        Assert.Equal(AuditResult.Refused, Assert.Single(await registry.AuditOfAsync(caller)).Result);
    }

    [Fact]
    public async Task RunUncheckedAsync_BodyForbids_LeavesOneRefusal()
    {
        var caller = new Caller(null, "somebody", "setup-link", "", Guid.NewGuid().ToString("N"));
        await registry.Commands.RunUncheckedAsync(caller, "test.link", (_, _) => Task.FromResult<Result>(Failure.Forbidden("Wrong link.")));

        var entry = Assert.Single(await registry.AuditOfAsync(caller));
        Assert.Equal((AuditResult.Refused, "somebody", "Wrong link."), (entry.Result, entry.PersonName, entry.Message));
    }
}
