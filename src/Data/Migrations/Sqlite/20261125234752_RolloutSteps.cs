using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RolloutSteps : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "GatesJson",
                table: "Rollouts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "IsPromoted",
                table: "Rollouts",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "StepIndex",
                table: "Rollouts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "StepReachedAt",
                table: "Rollouts",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "GatesJson",
                table: "Rollouts");

            migrationBuilder.DropColumn(
                name: "IsPromoted",
                table: "Rollouts");

            migrationBuilder.DropColumn(
                name: "StepIndex",
                table: "Rollouts");

            migrationBuilder.DropColumn(
                name: "StepReachedAt",
                table: "Rollouts");
        }
    }
}
