using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Rollouts;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Failures;

/// <summary>A test of a dashboard with two versions of a model, of which the first is served, an operator's window and an approver's.</summary>
public abstract class RunningEndpointTest(BrowserFixture browser) : BrowserTest(browser)
{
    /// <summary>The endpoint and the model.</summary>
    protected const string Name = "digits";

    /// <summary>How long any rollout may take here.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The dashboard.</summary>
    protected DashboardProcess Dashboard { get; private set; } = null!;

    /// <summary>Who uploads and plans.</summary>
    protected SignedIn Operator { get; private set; } = null!;

    /// <summary>Who decides.</summary>
    protected SignedIn Approver { get; private set; } = null!;

    /// <summary>Inputs and answers.</summary>
    protected Digits Digits { get; } = Digits.Read();

    /// <summary>A client of the endpoint.</summary>
    protected HttpClient Http { get; } = new();

    /// <summary>The keys of version 1 (the CNN) and 2 (the MLP).</summary>
    protected IReadOnlyList<Guid> Versions { get; private set; } = [];

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>Starts it all and waits until version 1 answers.</summary>
    protected async Task StartAsync(int replicas, params (string Key, string Value)[] settings)
    {
        Dashboard = Own(await DashboardProcess.StartAsync(settings));
        Http.BaseAddress = Dashboard.Address;
        Operator = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Operator, "olga")));
        Approver = Own(await Browser.SignInAsync(Dashboard, await Dashboard.AddPersonAsync(Roles.Approver, "anton")));
        await Road.UploadAsync(Operator, Digits.CnnFile, Name, 1);
        await Road.UploadAsync(Operator, Digits.MlpFile, Name, 2);
        Versions = [await Road.VersionIdAsync(Dashboard, Name, 1), await Road.VersionIdAsync(Dashboard, Name, 2)];
        var rollout = await Road.RequestAsync(Dashboard, Operator, Versions[0], Name, replicas, "the first version");
        await Road.ApproveAsync(Approver, Name);
        Assert.Equal(RolloutState.Succeeded, await Road.EndOfAsync(Dashboard, rollout, Patience));
        await Digits.AssertServedAsync(Http, Name, Name, "cnn");
    }

    /// <summary>Fails unless exactly the planned processes run: so many, all for the plan that the endpoint is to have.</summary>
    protected async Task AssertExactlyPlannedAsync(int replicas)
    {
        await using var db = Dashboard.OpenRegistry();
        var endpoint = await db.Endpoints.AsNoTracking().SingleAsync(e => e.Name == Name);
        Assert.Null(endpoint.ActiveRolloutId);

        // The last old replica may still be answering its last request.
        await Eventually.TrueAsync("Old replicas are gone", TimeSpan.FromSeconds(20), () => Dashboard.Runtimes.Count == replicas);
        Assert.All(Dashboard.Runtimes, runtime => Assert.Equal(endpoint.StablePlanId, runtime.PlanId()));
    }
}
