using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Approvals;
using Ops.Dashboard.Features.Approvals.Pages;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Rollouts.Pages;
using Ops.Dashboard.Features.Rollouts.Pages.Wizard;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Tests.Features.Rollouts;
using Ops.Data.Access;

namespace Ops.Dashboard.ComponentTests.Features.Rollouts;

/// <summary>The pages over a real registry and real commands, on a machine that only pretends to run processes.</summary>
internal sealed class PagesContext : IAsyncDisposable
{
    private PagesContext(OpsWorld world) => World = world;

    public OpsWorld World { get; }

    public ControlsContext Bunit { get; } = new();

    public RolloutFeed Feed => World.Get<RolloutFeed>();

    /// <summary>Opens the pages as a person with that person's roles.</summary>
    public static async Task<PagesContext> CreateAsync(string person)
    {
        var world = await OpsWorld.CreateAsync();
        var context = new PagesContext(world);
        var services = context.Bunit.Services;
        foreach (var type in new[]
        {
            typeof(RolloutFeed), typeof(RolloutQueries), typeof(InboxQueries), typeof(RolloutReader), typeof(PlanChoices), typeof(InboxReader), typeof(RequestRollout),
            typeof(RequestRollback), typeof(RetryRollout), typeof(RolloutControl), typeof(DecideRollout), typeof(ShadowCopies),
        })
        {
            services.AddSingleton(type, world.Services.GetRequiredService(type));
        }

        var monitoring = Options.Create(new MonitoringOptions());
        services.AddSingleton(new MonitoringFeed(new(monitoring), world.Get<RouteTable>(), monitoring, world.Time));

        // The world's clock is the one the entities were made by.
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(world.Time));
        services.AddScoped<CallerAccessor>();
        services.AddLogging();
        context.SignIn(person);
        return context;
    }

    /// <summary>The controller looks at an endpoint, as it does after every command.</summary>
    public async Task ReconcileAsync(Guid endpointId)
    {
        World.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await World.Get<LeaderLease>().TryHoldAsync(CancellationToken.None));
        await World.Get<EndpointReconciler>().ReconcileAsync(endpointId, CancellationToken.None);
        World.Time.Advance(TimeSpan.FromSeconds(1));
    }

    public async ValueTask DisposeAsync()
    {
        await Bunit.DisposeComponentsAsync();
        await Bunit.DisposeAsync();
        await World.DisposeAsync();
    }

    // bUnit's own authorization needs a package that cannot be restored; the real services over a fixed principal say the same.
    private void SignIn(string name)
    {
        var person = World.People[name];
        ClaimsPrincipal principal = new(new ClaimsIdentity(
            [
                new(ClaimTypes.Name, name),
                new(ClaimTypes.NameIdentifier, person.Id.ToString()),
                new(Caller.HowClaim, "password"),
                new(Caller.StampClaim, person.SecurityStamp!),
            ],
            "test"));
        Bunit.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(principal));
        Bunit.Services.AddCascadingAuthenticationState();
        Bunit.Services.AddAuthorizationCore(options =>
        {
            foreach (var right in Enum.GetValues<Right>())
            {
                options.AddPolicy(right.ToString(), policy => policy.RequireAssertion(_ => person.Roles.Allow(right)));
            }
        });
        Bunit.Services.AddSingleton<IAuthorizationService, DefaultAuthorizationService>();
    }

    private sealed class SignedIn(ClaimsPrincipal principal) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(principal));
    }
}
