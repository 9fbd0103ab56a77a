using Ops.Dashboard.Commands;
using Ops.Data.Access;

namespace Ops.Dashboard.Tests.Commands;

public sealed class RightsTests
{
    [Theory]
    [InlineData(Roles.None, "")]
    [InlineData(Roles.Viewer, "View")]
    [InlineData(Roles.Operator, "View UploadVersions ManageModels DeleteVersions PlanRollouts OperateRollouts DecideRollouts ManageEndpoints")]
    [InlineData(Roles.Approver, "View DecideRollouts")]
    [InlineData(Roles.OnCall, "View OperateRollouts DecideRollouts")]
    [InlineData(Roles.Administrator, "View DeleteVersions DecideRollouts ManageEndpoints ManageAccess ManageTargets")]
    public void Allow_EachRole_HasItsRightsAndNoOther(Roles role, string rights)
    {
        var allowed = Enum.GetValues<Right>().Where(right => role.Allow(right)).Select(right => right.ToString());
        Assert.Equal(rights.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), allowed.Order());
    }

    [Fact]
    public void Allow_SeveralRoles_HaveWhatEachHas() =>
        Assert.All(Enum.GetValues<Right>(), right => Assert.Equal(
            Roles.Operator.Allow(right) || Roles.Administrator.Allow(right), (Roles.Operator | Roles.Administrator).Allow(right)));
}
