package GeminiTest::Pools;

# The pools of a test.  Of many each has a location /NAME/ and a status, and
# keys a1, a2, b1, .. of the projects pa, pb, ..; t/README is the manual.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(keys_of key_lines log_line log_lines path pools_conf rests
                 secret);
our @EXPORT_OK = qw(named pool_conf);


sub secret { return "pool-key-$_[0]-secret" }

sub project { return 'p' . substr $_[0], 0, 1 }


# the keys of a fake
sub keys_of { return { map { (secret($_) => project($_)) } @_ } }


# the lines of a pool, of labels with their parameters
sub key_lines {
    my (@keys) = @_;
    my $lines = '';

    for my $key (@keys) {
        my ($label, $more) = $key =~ /^(\w+)(.*)/;

        $lines .= '    key ' . secret($label) . " name=$label project="
            . project($label) . "$more;\n";
    }

    return $lines;
}


# the http level; pools => {NAME => {conf => the inside, location => more of
# it, upstream => ..}}, log => a format, listen => parameters, server => more
# of it, http => more of it
sub pools_conf {
    my (%arg) = @_;
    my ($pools, $locations, $status) = ('', '', '');

    for my $name (sort keys %{$arg{pools}}) {
        my $pool = $arg{pools}{$name};
        my $upstream = $pool->{upstream} // 'gemini-upstream';

        $pools .= "gemini_pool $name {\n$pool->{conf}}\n";
        $locations .= "    location /$name/ { @{[$pool->{location} // '']}"
            . " gemini_pass $name /$upstream; }\n";
        $status .= "    location = /gemini/status/$name"
            . " { gemini_status $name; }\n";
    }

    return <<"END";
$pools
log_format pools '$arg{log}';
access_log %%DIR%%/pools.log pools;
@{[$arg{http} // '']}
server {
    listen 127.0.0.1:%%PORT_0%% @{[$arg{listen} // '']};
    @{[$arg{server} // '']}
$locations
    %%GEMINI_UPSTREAM%%
}

server {
    listen 127.0.0.1:%%PORT_1%%;
    access_log off;

$status
}
END
}


# the http level of one pool, with its status and control
sub pool_conf {
    my ($inside) = @_;

    return <<"END";
gemini_pool main {
$inside
}
server {
    listen 127.0.0.1:%%PORT_0%%;
    location / { gemini_pass main /gemini-upstream; }
    location /gemini/status { gemini_status main; }
    location /gemini/control { gemini_control main; }
    %%GEMINI_UPSTREAM%%
}
END
}


# the row of this name
sub named {
    my ($rows, $name) = @_;
    my ($row) = grep { $_->{name} eq $name } @$rows;

    return $row // {};
}


# the way of the requests in a fake's log: a1 b1 a1/lite
sub path {
    my ($fake, @filters) = @_;

    return join ' ', map {
        ($_->{key} =~ /key-(\w+)-/)[0]
            . (($_->{model} // '') =~ /-lite$/ ? '/lite' : '')
    } $fake->log(@filters);
}


# all that rests, in a line
sub rests {
    my ($t, $pool) = @_;
    my $status = $t->status($pool, view => 'cooldowns');

    return join ', ', sort map { "$_->{scope} $_->{name} $_->{reason}" }
        @{$status->{cooldowns}};
}


# what was logged of a pool, once so many lines are there
sub log_lines {
    my ($t, $pool, $n) = @_;
    my @lines;

    $t->wait_for(sub {
        @lines = grep { m{^/$pool/} } split /\n/, $t->read('pools.log');
        return @lines >= $n;
    });

    return @lines;
}


# the first of these
sub log_line {
    my ($t, $pool) = @_;
    return (log_lines($t, $pool, 1))[0] // '';
}


1;
