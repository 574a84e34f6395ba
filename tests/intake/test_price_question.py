"""A question about cost in a person's own words starts a legal clock; the same words about pain must not.

"Any discussion of or question about cost" counts, so a doubtful one is taken for a question.
"""

from intake.price_question import asks_price_in_words

ASKS = """
How much is treatment for pain?
How much is it to get my back pain looked at
how much does it cost to treat knee pain
how much for 2 visits to do my shoulder
How much is the running analysis
How much for a stretch session?
How much do the walking classes cost
how much is it if I do 6 visits
how much is a visit for someone who can't walk
me cuesta caminar, cuanto cuesta la visita
Cuanto es para el dolor de espalda
how much is a visit
How much would it be for the first time?
how mutch does it costs
hw much for 6 visits
How much do u charge
how much money should i bring
How much will it cost me to come twice a week?
My back hurts when I lift. How much is it without insurance
whats the price for 1 session
what do you charge
What would I owe if I come twice a week
I want to know what I'll have to pay
I dont have insurance, what will I be paying out of pocket?
What does a session run?
what’s your cash price
what is the fee for people with no insurance
What are your self pay rates
pls send me your rates
Need to know pricing first
Wondering about cost.
I would like to know the cost before I come in
I am worried about the cost
It cost me my job, so what would it cost me here?
How expensive is pelvic floor therapy
is it expensive without insurance
I can't afford much right now
Is there anything cheaper
do you take payments
do u have payment plans
Can I pay in installments
Do you take credit cards or HSA?
can you give me a quote
can I get an estimate before I book
Do you have a sliding scale
any discounts for students?
Do you offer financial assistance
is the first consult free?
$ per visit?
Will my insurance cover this
Is this covered by Blue Cross
cuanto cuesta la primera visita
¿Cuánto me costaría venir dos veces por semana?
cuánto sale la consulta
Cuanto es por sesion
cuanto me cobran sin seguro
cuanto tendria que pagar
quanto cuesta
kuanto cobran
que precio tiene
cual es el costo de la consulta
Quisiera saber los precios
sus tarifas por favor
¿Es muy caro?
hacen descuento?
Tienen planes de pago?
puedo pagar a plazos
aceptan pagos
me pueden dar un presupuesto
No tengo dinero para pagar mucho
Lo cubre mi seguro?
Whats it gonna run me
Roughly what am I looking at price wise?
Do you guys do payment arrangements
can i pay cash
im uninsured, whats that gonna look like moneywise
Could you tell me the fees
how much for just one appt
Not sure I can swing the cost right now
whats ur rate
Do I have to pay up front
Are there any hidden charges?
is there a copay
Do you bill insurance?
What's your no insurance price
How much you charging for pelvic therapy
is it 200 dollars?
I would like a ballpark figure
what's the total going to be
Will I get a bill for the phone call
Do I get a refund if I cancel
can my HSA be used
Please email the price list
Que cobran por la primera cita
A como la consulta?
cuánto cuestan las terapias
En cuanto sale todo
cual seria el precio aproximado
me da el costo porfa
no tengo aseguranza, cuanto seria
Se puede pagar en abonos?
hay que pagar por adelantado?
cuanto dinero llevo
¿Cuánto tengo que pagar?
me hacen un precio?
es caro el tratamiento
trabajan con seguro medical
How much does therapy normally cost
how much would 10 visits come to
what would that set me back
I need to budget for this, can you help
Hi what are the costs for someone w/o insurance?
Im on a tight budget, whats the cheapest option
Could I get a price before deciding
what you guys charge for dry needling
How mcuh is a follow up
hi, price?
Cost?
do yall do sliding fee
Is there a fee for canceling
what's a visit with Robin cost
I'd like to know what this is going to cost.
Can you send me something in writing about the charges
is it cheaper to buy a package
Are packages available and how much are they
how do payments work
I pay cash, what is the rate
Does Blue Shield pay for this
Will Select Health pay
Do I have to pay if it doesnt work
tell me about pricing please
Need numbers before I commit money
Cuanto vale una sesion de terapia
¿Qué costo tiene?
cuales son los precios sin seguro
Me gustaria un estimado por favor
cuánto cobra la doctora
cuanto me va a costar todo
Tiene algun costo la evaluacion
se puede pagar con tarjeta
Necesito saber cuanto es
Looking for a rough cost.
How much $$ for the eval
Do you work with people who cant pay a lot
what would one session cost without insurance
do i need to pay a deposit
Price for two people?
I'm self pay so please tell me the amount
How much in total for the whole plan
Is payment due at the visit
Am I going to be billed for this request
Could I have a written estimate
Do you have student rates?
what are ur prices
How do I find out the cost
how much r u
Qué tan caro es
Digame cuanto cuesta por favor
Cuanto me sale la primera vez
Cual es la tarifa
me podria decir el precio
"""

SPEAKS_OF_SOMETHING_ELSE = """
My lawyer says you can bill my car insurance?
I will just pay cash, no need to tell Medicare
I paid the price for lifting a couch
It cost me my sleep
This has cost me a lot of energy
It costs me a lot of effort to get up
I want to avoid surgery at all costs
The price of being a nurse is a sore back
I stock shelves and change price tags all day
I don't know how much pain is normal
there is not much pain in the morning
how much longer will it hurt?
How much can I lift after this?
How much exercise should I do
how much is too much running?
I can't tell how much it bothers me until night
You would not believe how much this hurts
How much does it matter if I skip a day?
how much water should I drink
I am in charge of a team of twelve
I charge ahead and then pay for it the next day
I pay for it when I sit too long
paying attention to my posture hurts
My heart rate goes up
I would rate the pain 7
I estimate it has been six months
The surgeon, quote, found nothing
costochondritis two years ago
Costal cartilage is sore
I want to be pain free by summer
free weights make it worse
My plan is to cover ten miles a day
I cover a lot of ground at work
I work for an insurance company and sit all day
I bill clients at a desk
I paid for a massage and it did not help
I sell discount furniture and lift sofas
I run a session every morning
me cuesta caminar
Me cuesta mucho dormir y subir escaleras
me duele al subir la cuesta
cuanto más camino más me duele
No sé cuánto tiempo va a durar
lo antes posible, cuanto antes mejor
Estimado doctor, me duele la espalda
pago las consecuencias de levantar cajas
pagué el precio de cargar un sofá
valió la pena descansar
cuanto me duele al sentarme
no sé cuánto puedo cargar
I don't have much money worries, just pain
How much of this is normal?
how much rest do I need
My job in finance means long hours at a computer
I am a cashier and stand all day
I pay attention to my posture
I carried free range eggs all day at the farm
The accident was covered in the news
I have cover letters to write all day
It has been worse since I moved a payphone
It cost him his career and I fear the same
cheap shoes made it worse
I wear expensive orthotics and still hurt
I was charged by a dog and fell
battery charger fell on my foot
the chair I bought has a five star rating
My balance is off
I do not know how much to push myself
how much should I push through it
can't say how much, but it swells
Depends on how much I sit
My mother paid for my surgery
I rate it a 6
I had an estimate of six weeks from the surgeon
my budget job is stressful
The bill of my cap hit my neck
I lost my insurance card in the fall
My husband is an insurance agent
Caro, mi esposo, me trajo
me cuesta respirar
Se me dificulta, me cuesta un poco agacharme
no sabe cuanto sufro
cuanto mas me estiro peor
trabajo en un banco de dinero
Soy cobrador y camino mucho
pago de la nomina, trabajo de oficina
el costado derecho me duele
no vale la pena correr asi
tengo mucho dolor, cuanto antes por favor
estoy tomando dos pastillas
My back pays for every long drive
I was told how much damage there is on the scan
I value my time outdoors
I lost a lot of weight last year
Running costs me days of recovery
Every hike costs me two days in bed
I have tried cheap and expensive pillows alike
I used to work at a bank and sat a lot
I work in billing for a hospital
The charge nurse told me to come
I just want to be free of pain
I quote my doctor: rest
I can hardly estimate distances since the concussion
I don't have much strength
so much pain at night
how much time off work will I need
How much does recovery depend on age?
I wonder how much is in my head
Fell while paying at the register
I dropped a cash register on my toe
As a payroll clerk I type all day
Trabajo cobrando en una tienda
me cuesta agarrar cosas
Cuesta moverme en la mañana
no se cuanto peso levantar
Mi hijo pesa mucho y me duele cargarlo
El precio que pago es no dormir
Cuando pago las compras y cargo bolsas me duele
he gastado mi energia
I pay close attention when lifting
The rate of swelling changes
how much of my day I sit: most of it
Cannot do much
I deliver packages all day
I lift packages and boxes
My plan is to run again in June
my surgeon's plan covers six weeks of rest
I have covered three marathons
no puedo cargar mucho peso
Cuánto tarda en sanar
Me cuesta trabajo levantarme
el doctor me dijo cuanto reposo hacer
trabajo en una tienda de descuentos
Free time is spent gardening
My total knee replacement was in May
the total knee on the right is fine
"""


def test_it_is_heard_in_whatever_words_people_ask_what_it_costs() -> None:
    stories = [said for each in lines(ASKS) for said in (each, f"Low back pain.\n{each}\nThank you!".upper())]

    assert [story for story in stories if not asks_price_in_words(story)] == []


def test_the_same_words_about_pain_work_and_training_ask_nothing() -> None:
    stories = [
        said
        for each in lines(SPEAKS_OF_SOMETHING_ELSE)
        for said in (each, f"Low back pain. {each}. It is worse at night.")
    ]

    assert [story for story in stories if asks_price_in_words(story)] == []


def lines(text: str) -> list[str]:
    return text.strip().splitlines()
