using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Registry.Demo;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Rollouts;

/// <summary>Two people, the real dashboard, real runtime processes and the sample models: from the plan to the answer.</summary>
public sealed class RolloutInAppTests
{
    private const double Tolerance = 1e-4;

    [Fact]
    public async Task TwoVersions_RolledOutUnderTraffic_AnswerRightAndWithoutAFailedRequest()
    {
        await using var app = await OpsApp.StartAsync();
        var people = await PeopleAsync(app);
        var first = await RollOutAsync(app, people, 1);
        await UntilAsync(app, first.Id, RolloutState.Succeeded);
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(() => SendWithoutPauseAsync(app, stop.Token));

        var second = await RollOutAsync(app, people, 2);
        await UntilAsync(app, second.Id, RolloutState.Succeeded);
        await stop.CancelAsync();
        var (answers, failures) = await traffic;

        Assert.Empty(failures);
        Assert.InRange(answers, 10, int.MaxValue);
        await AssertAnswersAsync(app, "digits_cnn");
        Assert.Single(await app.AuditAsync("rollout.approve"), e => e.SubjectId == second.Id.ToString());
    }

    [Fact]
    public async Task Dashboard_RestartedInTheMiddle_FinishesTheRollout()
    {
        await using var app = await OpsApp.StartAsync();
        var people = await PeopleAsync(app);
        var asked = await RollOutAsync(app, people, 2);
        await app.RestartAsync();

        await UntilAsync(app, asked.Id, RolloutState.Succeeded);

        await AssertAnswersAsync(app, "digits_cnn");
        await using var db = app.OpenRegistry();
        Assert.Equal(1, await db.RolloutEvents.CountAsync(e => e.RolloutId == asked.Id && e.Kind == RolloutEventKinds.Started));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BlueGreen_OnThisMachine_KeepsTheOldOnesForTheSetTime_AndAnAbortWithinItSwitchesBackAtOnce(bool aborts)
    {
        const int Keep = 3;
        await using var app = await OpsApp.StartAsync();
        var people = await PeopleAsync(app);
        var first = await RollOutAsync(app, people, 1);
        await UntilAsync(app, first.Id, RolloutState.Succeeded);
        var blue = await RollOutAsync(app, people, 2, d => d with { Strategy = "blue-green", Steps = [new PlanStep { Weight = 0, WaitsForPerson = true }], KeepOldSeconds = aborts ? 600 : Keep });
        await WaitAsync(async () => await PreviewAsync(app) == HttpStatusCode.OK, async () => $"{await PreviewAsync(app)}");

        // The preview answers as the new one while clients still get the old one.
        await AssertAnswersAsync(app, "digits_cnn", "preview/");
        await AssertAnswersAsync(app, "digits_mlp");
        await WaitAsync(
            async () => (await app.Services.GetRequiredService<RolloutControl>().PromoteAsync(people.Operator, blue.Id, "looks good")).Succeeded,
            () => Task.FromResult("It cannot be promoted."));
        await WaitAsync(async () => await PreviewAsync(app) == HttpStatusCode.NotFound, async () => $"{await PreviewAsync(app)}");
        var switched = Stopwatch.StartNew();
        await AssertAnswersAsync(app, "digits_cnn");
        Assert.Equal(4, Ready());
        if (aborts)
        {
            Assert.True((await app.Services.GetRequiredService<RolloutControl>().AbortAsync(people.Operator, blue.Id, "wrong answers")).Succeeded);
            await WaitAsync(() => Task.FromResult(Ready() == 2), () => Task.FromResult($"{Ready()} ready"));
            await AssertAnswersAsync(app, "digits_mlp");
            Assert.InRange(switched.Elapsed.TotalSeconds, 0, 60);
            return;
        }

        await WaitAsync(() => Task.FromResult(Ready() < 4), () => Task.FromResult($"{Ready()} ready"));
        Assert.InRange(switched.Elapsed.TotalSeconds, Keep - 0.5, Keep + 20);
        await UntilAsync(app, blue.Id, RolloutState.Succeeded);
        await AssertAnswersAsync(app, "digits_cnn");

        int Ready() => app.Services.GetRequiredService<ObservedEndpoints>().Find(first.EndpointId)!.Replicas.Count(r => r.Phase == ReplicaPhase.Ready);
    }

    [Fact]
    public async Task Replica_Killed_ComesBackAndTheHistorySaysSo()
    {
        await using var app = await OpsApp.StartAsync();
        var people = await PeopleAsync(app);
        var asked = await RollOutAsync(app, people, 1);
        await UntilAsync(app, asked.Id, RolloutState.Succeeded);
        var observed = app.Services.GetRequiredService<ObservedEndpoints>();
        var victim = observed.Find(asked.EndpointId)!.Replicas[0];
        using (var process = Process.GetProcessById(victim.ProcessId!.Value))
        {
            process.Kill();
        }

        await WaitAsync(
            () => Task.FromResult(observed.Find(asked.EndpointId)!.Replicas.Count(r => r.Phase == ReplicaPhase.Ready && r.ProcessId != victim.ProcessId) == 2),
            () => Task.FromResult(string.Join("; ", observed.Find(asked.EndpointId)!.Replicas.Select(r => $"{r.Phase} {r.Reason}"))));

        await WaitAsync(
            async () =>
            {
                await using var db = app.OpenRegistry();
                return await db.RolloutEvents.AnyAsync(e => e.EndpointId == asked.EndpointId && e.Kind == TargetEventKinds.Died);
            },
            () => Task.FromResult("No line in the history."));
    }

    private static async Task<(Caller Operator, Caller Approver)> PeopleAsync(OpsApp app)
    {
        var uploader = await FindAsync(app, (await app.AddPersonAsync(Roles.Operator)).Id);
        await ActivatorUtilities.CreateInstance<DigitsSample>(app.Services).RunAsync(uploader, default);
        return (await CallerAsync(app, Roles.Operator), await CallerAsync(app, Roles.Approver));
    }

    private static async Task<Caller> CallerAsync(OpsApp app, Roles roles)
    {
        var person = await FindAsync(app, (await app.AddPersonAsync(roles)).Id);
        return new(person.Id, person.UserName!, "password", person.SecurityStamp!, Guid.NewGuid().ToString("N"));
    }

    private static async Task<Person> FindAsync(OpsApp app, Guid id)
    {
        await using var db = app.OpenRegistry();
        return await db.Users.AsNoTracking().SingleAsync(p => p.Id == id);
    }

    private static async Task<RolloutRef> RollOutAsync(OpsApp app, (Caller Operator, Caller Approver) people, int version, Func<DraftPlan, DraftPlan>? change = null)
    {
        await using var db = app.OpenRegistry();
        DraftPlan draft = new()
        {
            Endpoint = "digits",
            TargetId = (await db.Targets.SingleAsync()).Id,
            VersionId = (await db.Versions.SingleAsync(v => v.Number == version)).Id,
            Replicas = 2,
            MemoryMiB = 256,
        };
        var asked = await app.Services.GetRequiredService<RequestRollout>().RunAsync(people.Operator, change?.Invoke(draft) ?? draft, "to see it run");
        Assert.True(asked.Succeeded, asked.Failure?.Message);
        var rollout = await db.Rollouts.AsNoTracking().SingleAsync(r => r.Id == asked.Value.Id);
        var decided = await app.Services.GetRequiredService<DecideRollout>().RunAsync(
            people.Approver,
            new() { RolloutId = rollout.Id, Verdict = Verdict.Approve, PlanHash = rollout.PlanHash, VersionDigest = rollout.VersionDigest });
        Assert.True(decided.Succeeded, decided.Failure?.Message);
        return decided.Value;
    }

    private static async Task<(int Answers, IReadOnlyList<string> Failures)> SendWithoutPauseAsync(OpsApp app, CancellationToken stop)
    {
        using HttpClient client = new() { BaseAddress = app.Address };
        List<string> failures = [];
        var answers = 0;
        while (!stop.IsCancellationRequested)
        {
            using var answer = await client.PostAsJsonAsync("/serve/digits/v2/models/digits/infer", Question("digits_mlp"), CancellationToken.None);
            answers++;
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                failures.Add($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
        }

        return (answers, failures);
    }

    private static async Task<HttpStatusCode> PreviewAsync(OpsApp app)
    {
        using HttpClient client = new() { BaseAddress = app.Address };
        using var answer = await client.GetAsync("/serve/digits/preview/v2/models/digits");
        return answer.StatusCode;
    }

    private static async Task AssertAnswersAsync(OpsApp app, string model, string prefix = "")
    {
        using HttpClient client = new() { BaseAddress = app.Address };
        using var answer = await client.PostAsJsonAsync($"/serve/digits/{prefix}v2/models/digits/infer", Question(model));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var data = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(v => v.GetDouble()).ToList();
        var expected = Expected(model).GetProperty("y").EnumerateArray().Select(v => v.GetDouble()).ToList();
        Assert.Equal(expected.Count, data.Count);
        Assert.All(expected.Zip(data), pair => Assert.InRange(pair.Second, pair.First - Tolerance, pair.First + Tolerance));
    }

    private static object Question(string model)
    {
        var sample = Expected(model);
        return new { inputs = new[] { new { name = "input", datatype = "FP32", shape = sample.GetProperty("shape"), data = sample.GetProperty("x") } } };
    }

    private static JsonElement Expected(string model) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "TestData", "expected.json"))).RootElement.GetProperty(model);

    private static Task UntilAsync(OpsApp app, Guid rolloutId, RolloutState state) => WaitAsync(
        async () =>
        {
            await using var db = app.OpenRegistry();
            return await db.Rollouts.AnyAsync(r => r.Id == rolloutId && r.State == state);
        },
        async () =>
        {
            await using var db = app.OpenRegistry();
            var rollout = await db.Rollouts.SingleAsync(r => r.Id == rolloutId);
            return $"{rollout.State}: {rollout.Status}";
        });

    private static async Task WaitAsync(Func<Task<bool>> condition, Func<Task<string>> tell)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(100);
        }

        Assert.Fail(await tell());
    }
}
