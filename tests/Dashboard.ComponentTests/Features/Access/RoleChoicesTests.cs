using Bunit;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Access.People;
using Ops.Data.Access;

namespace Ops.Dashboard.ComponentTests.Features.Access;

public sealed class RoleChoicesTests
{
    [Theory]
    [InlineData(3, true, Roles.Viewer | Roles.Operator | Roles.Administrator)]
    [InlineData(0, false, Roles.Viewer)]
    public void Tick_OneRole_LeavesTheOthers(int box, bool held, Roles expected)
    {
        using var context = new ControlsContext();
        var changed = Roles.None;
        var choices = context.Render<RoleChoices>(parameters => parameters
            .Add(p => p.Value, Roles.Viewer | Roles.Operator)
            .Add(p => p.ValueChanged, roles => changed = roles));

        choices.FindAll("input")[box].Change(held);
        Assert.Equal(expected, changed);
    }
}
