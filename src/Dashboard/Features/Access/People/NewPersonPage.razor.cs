using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

public sealed partial class NewPersonPage
{
    private string? name;
    private Roles roles = Roles.Viewer;
    private Failure? error;
    private TemporaryPassword? created;
    private bool busy;

    [Inject]
    internal PeopleCommands Commands { get; set; } = default!;

    [Inject]
    internal CallerAccessor Callers { get; set; } = default!;

    private async Task CreateAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await Commands.CreateAsync(await Callers.GetAsync(), name, roles);
            error = result.Failure;
            created = result.Succeeded ? result.Value : null;
        }
        finally
        {
            busy = false;
        }
    }

    private void Again() => (name, roles, created) = (null, Roles.Viewer, null);
}
