using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Postgres
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
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<bool>(
                name: "IsPromoted",
                table: "Rollouts",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "StepIndex",
                table: "Rollouts",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "StepReachedAt",
                table: "Rollouts",
                type: "timestamp with time zone",
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
