using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Playground;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Rollouts.Queries;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Monitoring.Pages;

public sealed partial class SettingsTab
{
    private IReadOnlyList<EndpointToken>? tokens;
    private CreatedToken? created;
    private string name = "";
    private string? problem;
    private bool busy;

    [Inject]
    internal EndpointQueries Endpoints { get; set; } = default!;

    [Inject]
    internal EndpointCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    [Inject]
    public required ConfirmService Confirm { get; init; }

    [Inject]
    public required ToastService Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    private IReadOnlyList<CurlExample> Examples =>
        CurlCommand.Examples(Navigation.ToAbsoluteUri($"serve/{Facts.Name}"), Facts.Stable?.Model, Facts.Stable?.RequiresToken == true);

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => ReadAsync();

    private async Task ReadAsync() => tokens = await Endpoints.TokensAsync(Facts.Id);

    private async Task CreateAsync()
    {
        busy = true;
        try
        {
            var result = await Commands.CreateTokenAsync(await Callers.GetAsync(), Facts.Id, name);
            problem = result.Failure?.Message;
            if (result.Succeeded)
            {
                (created, name) = (result.Value, "");
                await ReadAsync();
            }
        }
        finally
        {
            busy = false;
        }
    }

    private async Task RevokeAsync(EndpointToken token)
    {
        var answer = await Confirm.AskAsync(new($"Revoke the token {token.Name}?", "Clients that send it are refused from now on. This cannot be undone; a new token can be made.", "Revoke", Danger: true));
        if (!answer.Confirmed)
        {
            return;
        }

        var result = await Commands.RevokeTokenAsync(await Callers.GetAsync(), token.Id);
        Say(result.Failure?.Message, $"The token {token.Name} is revoked.");
        await ReadAsync();
    }

    private async Task RetireAsync()
    {
        var answer = await Confirm.AskAsync(new(
            $"Retire {Facts.Name}?", "Its replicas are taken down and its address stops answering at once. This cannot be undone.", "Retire", Danger: true, TypeToConfirm: Facts.Name));
        if (!answer.Confirmed)
        {
            return;
        }

        var result = await Commands.RetireAsync(await Callers.GetAsync(), Facts.Id);
        Say(result.Failure?.Message, $"{Facts.Name} is retired.");
        await ReadAsync();
    }

    private void Say(string? failure, string done)
    {
        if (failure is not null)
        {
            Toasts.Failed(failure);
        }
        else
        {
            Toasts.Done(done);
        }
    }
}
