using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>Version, where, resources, strategy, review. Every change is checked as the command will check it, and kept in the address.</summary>
public sealed partial class PlanWizard : IDisposable
{
    private static readonly string[] StepTitles = ["Which version", "Where", "Resources", "Strategy", "Review"];
    private readonly CancellationTokenSource ended = new();
    private readonly CancellationToken gone;
    private readonly HashSet<WizardStep> visited = [];
    private readonly List<string> underway = [];
    private PlanForm form = new();
    private VersionChoice? version;
    private IReadOnlyList<EndpointChoice> endpoints = [];
    private IReadOnlyList<TargetChoice> targets = [];
    private PlanReview? review;
    private string? problem;
    private string? reasonError;
    private ElementReference heading;
    private bool isLoaded;
    private bool busy;
    private bool focusHeading;
    private bool remember;
    private int checks;

    /// <summary>Takes the token once: work that is under way when the page goes still asks for it.</summary>
    public PlanWizard() => gone = ended.Token;

    [Inject]
    internal NavigationManager Navigation { get; init; } = default!;

    [Inject]
    internal PlanChoices Choices { get; init; } = default!;

    [Inject]
    internal RequestRollout Request { get; init; } = default!;

    [Inject]
    internal CallerAccessor Caller { get; init; } = default!;

    [Inject]
    internal ToastService Toasts { get; init; } = default!;

    private TargetChoice? Target => targets.FirstOrDefault(t => t.Id == form.TargetId);

    private IReadOnlyList<StepItem> StepItems =>
    [
        .. Enum.GetValues<WizardStep>().Select(step => new StepItem(
            step.ToString(),
            step == form.Step ? StepState.Current : HasMistake(step) ? StepState.Error : step < form.Step || visited.Contains(step) ? StepState.Done : StepState.Waiting,
            step < form.Step || visited.Contains(step) ? Href(step) : null)),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        ended.Cancel();
        ended.Dispose();
        Navigation.LocationChanged -= OnLocationChanged;
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        var query = QueryOf(Navigation.Uri);
        form = PlanForm.FromQuery(query);
        endpoints = await Choices.EndpointsAsync(gone);
        targets = await Choices.TargetsAsync(gone);
        version = await VersionAsync();

        // The wizard's own addresses name the target of whatever runs: one without comes from elsewhere, and what it leaves out is not chosen yet.
        if (!query.ContainsKey("step") || (form.Endpoint.Length > 0 && form.TargetId == Guid.Empty))
        {
            await BeginAsync(query);
        }

        // Whoever opens an address with a later step has seen the earlier ones.
        visited.UnionWith(Enum.GetValues<WizardStep>().Where(step => step < form.Step));
        await CheckAsync();
        isLoaded = true;
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (remember)
        {
            // Not before: until the router has rendered, the browser would fetch the whole page anew, and lose the theme and the connection's state.
            remember = false;
            Remember();
        }

        if (focusHeading && isLoaded)
        {
            focusHeading = false;
            await heading.FocusAsync();
        }
    }

    private static Dictionary<string, StringValues> QueryOf(string address) => QueryHelpers.ParseQuery(new Uri(address).Query);

    // Only on the first arrival: later the address holds everything, and what it holds was chosen.
    private async Task BeginAsync(Dictionary<string, StringValues> query)
    {
        var namesStep = query.ContainsKey("step");
        var endpoint = form.Endpoint.Length == 0 && !namesStep && version is not null ? version.Model : form.Endpoint;
        if (endpoint.Length > 0 && await Choices.RunningAsync(endpoint, gone) is { } running)
        {
            form = PlanForm.FromQuery(query, running);
            if (namesStep && version is null)
            {
                // Who asks for a later step does not want to be sent back to choose what is there already.
                form.VersionId = running.VersionId;
                version = await VersionAsync();
            }
        }

        form.Endpoint = endpoint;
        form.Step = !namesStep && version is not null ? WizardStep.Where : form.Step;
        var only = endpoints.FirstOrDefault(e => e.Name == form.Endpoint)?.TargetId ?? (targets.Count == 1 ? targets[0].Id : Guid.Empty);
        form.TargetId = form.TargetId == Guid.Empty ? only : form.TargetId;
        remember = true;
    }

    private async Task<VersionChoice?> VersionAsync() => form.VersionId == Guid.Empty ? null : await Choices.VersionAsync(form.VersionId, gone);

    // Back and forward of the browser move between steps; what was filled in meanwhile stays, and the address says so again.
    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        // The browser reports our own changes back a moment later, when a quick person may be a step further already.
        if (underway.IndexOf(change.Location) is var own and >= 0)
        {
            underway.RemoveRange(0, own + 1);
            return;
        }

        var query = QueryOf(change.Location);
        if (new Uri(change.Location).AbsolutePath != "/rollouts/new")
        {
            return;
        }

        var step = PlanForm.FromQuery(query).Step;
        if (step != form.Step)
        {
            Show(step);
            Remember();
            _ = InvokeAsync(StateHasChanged);
        }
    }

    private void Show(WizardStep step)
    {
        visited.Add(form.Step);
        form.Step = step;
        focusHeading = true;
    }

    private void Remember() => Navigate(Navigation.GetUriWithQueryParameters(form.ToQuery()), replace: true);

    private void Navigate(string address, bool replace)
    {
        underway.Add(address);
        Navigation.NavigateTo(address, replace: replace);
    }

    private string Href(WizardStep step) =>
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(form.ToQuery()) { ["step"] = step.ToString().ToLowerInvariant() });

    private string? ErrorOf(string field) =>
        visited.Contains(PlanForm.StepOf(field)) || form.Step == WizardStep.Review
            ? review?.Check.Failures.FirstOrDefault(f => f.Field == field)?.Message
            : null;

    private bool HasMistake(WizardStep step) => visited.Contains(step) && review?.Check.Failures.Any(f => PlanForm.StepOf(f.Field) == step) == true;

    private async Task ChooseVersionAsync(VersionChoice choice)
    {
        version = choice;
        form.VersionId = choice.Id;
        form.Endpoint = form.Endpoint.Length == 0 ? choice.Model : form.Endpoint;
        await ChangedAsync();
    }

    private async Task ChooseEndpointAsync()
    {
        if (await Choices.RunningAsync(form.Endpoint.Trim(), gone) is { } running)
        {
            form.BeginFrom(running);
        }
        else if (endpoints.FirstOrDefault(e => e.Name == form.Endpoint.Trim()) is { } known)
        {
            form.TargetId = known.TargetId;
        }

        await ChangedAsync();
    }

    private async Task ChangedAsync()
    {
        problem = null;
        Remember();
        await CheckAsync();
    }

    private async Task CheckAsync()
    {
        var mine = ++checks;
        var found = await Choices.ReviewAsync(form.ToDraft(), gone);
        if (mine == checks)
        {
            review = found;
        }
    }

    // The button and the Enter key.
    private async Task SubmitStepAsync()
    {
        if (form.Step == WizardStep.Review)
        {
            await SubmitAsync();
            return;
        }

        visited.Add(form.Step);
        await CheckAsync();
        if (!HasMistake(form.Step))
        {
            await GoAsync(form.Step + 1);
        }
    }

    private Task GoAsync(WizardStep step)
    {
        Show(step);
        Navigate(Href(step), replace: false);
        return CheckAsync();
    }

    private async Task SubmitAsync()
    {
        problem = null;
        reasonError = string.IsNullOrWhiteSpace(form.Reason) ? "Say why, for those who decide and for the history." : null;
        if (reasonError is not null || busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await Request.RunAsync(await Caller.GetAsync(), form.ToDraft(), form.Reason, gone);
            if (result.Failure is { } failure)
            {
                await ShowAsync(failure);
                return;
            }

            Toasts.Done(result.Value.State == RolloutState.PendingApproval
                ? $"{result.Value.Endpoint} #{result.Value.Number} waits for approval."
                : $"{result.Value.Endpoint} #{result.Value.Number} begins.");
            Navigation.NavigateTo($"/rollouts/{result.Value.Id}");
        }
        finally
        {
            busy = false;
        }
    }

    private async Task ShowAsync(Failure failure)
    {
        if (failure.Field == PlanFields.Reason)
        {
            reasonError = failure.Message;
            return;
        }

        problem = failure.Message;
        if (failure.Field is not null)
        {
            // Something changed since the review: the mistake leads to where it can be put right.
            visited.Add(PlanForm.StepOf(failure.Field));
            await GoAsync(PlanForm.StepOf(failure.Field));
        }
    }
}
